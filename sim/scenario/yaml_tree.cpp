#include "sim/scenario/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace hvlab::scenario {

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &Key::name);
  return found == keys.end() ? nullptr : &items[static_cast<size_t>(found - keys.begin())];
}

namespace {

/// Thrown through yaml-cpp's parser when there is no point in going on; the problem has been noted.
struct Abandoned {};

/// Whether the quoted scalar that begins at `at` has an end. yaml-cpp 0.7 takes one without if the file ends
/// with an empty line.
bool closed(std::string_view content, size_t at) {
  const char quote = content[at];
  for (size_t i = at + 1; i < content.size(); ++i) {
    if (quote == '"' && content[i] == '\\') {
      ++i;
    } else if (content[i] == quote) {
      if (quote == '"' || i + 1 == content.size() || content[i + 1] != quote) return true;
      ++i;  // '' is a quote within single quotes
    }
  }
  return false;
}

/// Builds the tree from the parser's events. `open_` is the way from the root to the map or list being read.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(u16 text, std::string_view content, Problems& problems)
      : text_(text), content_(content), problems_(problems) {}

  std::optional<YamlNode> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_extras(mark, "", anchor);
    scalar(mark, "", false, YamlNode::Kind::Null);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.add(place_of(mark), "", "aliases (*name) are not read here", "the value itself, written out");
    scalar(mark, "", false, YamlNode::Kind::Null);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_extras(mark, tag, anchor);
    const auto at = static_cast<size_t>(mark.pos);
    const bool quote = at < content_.size() && (content_[at] == '"' || content_[at] == '\'');
    if (tag == "!" && quote && !closed(content_, at)) {
      problems_.add(place_of(mark), "", "not valid YAML: a text whose quotes are never closed");
      throw Abandoned();
    }
    scalar(mark, value, tag == "!", YamlNode::Kind::Scalar);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_extras(mark, tag, anchor);
    open(mark, YamlNode::Kind::List);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_extras(mark, tag, anchor);
    open(mark, YamlNode::Kind::Map);
  }
  void OnMapEnd() override { close(); }

 private:
  Place place_of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {text_, 0, 0};
    return {text_, static_cast<u32>(mark.line) + 1, static_cast<u32>(mark.column) + 1};
  }

  void check_extras(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      problems_.add(place_of(mark), "", "anchors (&name) are not read here", "the value alone");
    if (!tag.empty() && tag != "?" && tag != "!")
      problems_.add(place_of(mark), "", "tags (!name) are not read here", "the value alone");
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::Map &&
           open_.back().keys.size() == open_.back().items.size();
  }

  void scalar(const YAML::Mark& mark, const std::string& value, bool quoted, YamlNode::Kind kind) {
    const Place place = place_of(mark);
    if (wants_key()) return key(place, value);
    YamlNode node;
    node.kind = kind;
    node.place = place;
    node.text = value;
    node.quoted = quoted;
    // The parser places an empty value where the next token is.
    if (kind == YamlNode::Kind::Null && !open_.empty() && !open_.back().keys.empty())
      node.place = open_.back().keys.back().place;
    add(std::move(node));
  }

  void key(const Place& place, const std::string& name) {
    YamlNode& map = open_.back();
    const auto known = std::ranges::find(map.keys, name, &YamlNode::Key::name);
    if (known != map.keys.end()) {
      problems_.add(place, name,
                    "key '" + name + "' is given twice; first in line " + std::to_string(known->place.line));
    }
    map.keys.push_back({name, place});
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (wants_key()) {
      problems_.add(place_of(mark), "", "a key must be a word", "lines of 'key: value'");
      throw Abandoned();
    }
    if (open_.size() >= kDeepest) {
      problems_.add(place_of(mark), "", "more than " + std::to_string(kDeepest) + " levels deep");
      throw Abandoned();
    }
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    open_.push_back(std::move(node));
  }

  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().items.push_back(std::move(node));
    }
  }

  u16 text_;
  std::string_view content_;
  Problems& problems_;
  std::vector<YamlNode> open_;
  std::optional<YamlNode> root_;
};

/// Length of the well-formed UTF-8 sequence at `at` (RFC 3629), or 0.
size_t utf8_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool no_character = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || no_character ? 0 : length;
}

/// Notes the first byte that no text file has: control characters, what is not UTF-8.
bool is_text(u16 text, std::string_view content, Problems& problems) {
  Place place{text, 1, 1};
  for (size_t at = 0; at < content.size();) {
    const auto c = static_cast<unsigned char>(content[at]);
    const size_t length = utf8_at(content, at);
    if (length == 0 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F) {
      problems.add(place, "", length == 0 ? "not UTF-8 text" : "a control character", "a text file in UTF-8");
      return false;
    }
    place.column += static_cast<u32>(length);
    if (c == '\n') place = {text, place.line + 1, 1};
    at += length;
  }
  return true;
}

/// A tab in the indentation of `line` or the one before: YAML takes blanks there, and its parser says what
/// follows from that rather than this.
std::optional<Place> tab_before(u16 text, std::string_view content, u32 line) {
  Place place{text, 1, 1};
  for (size_t at = 0; at < content.size() && place.line <= line; ++place.line) {
    const size_t begin = content.find_first_not_of(' ', at);
    if (place.line + 1 >= line && begin != std::string_view::npos && content[begin] == '\t') {
      place.column = static_cast<u32>(begin - at) + 1;
      return place;
    }
    const size_t end = content.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<YamlNode> parse_text(u16 text, const std::string& content, Problems& problems) {
  std::istringstream in(content);
  TreeBuilder builder(text, content, problems);
  try {
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    std::optional<YamlNode> root = builder.take();
    TreeBuilder further(text, content, problems);
    if (root && parser.HandleNextDocument(further))
      problems.add({text, 0, 0}, "", "holds more than one YAML document", "one scenario a file");
    return root;
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    const Place place{text, placed ? static_cast<u32>(error.mark.line) + 1 : 0,
                      placed ? static_cast<u32>(error.mark.column) + 1 : 0};
    if (const std::optional<Place> tab = tab_before(text, content, place.line))
      problems.add(*tab, "", "a tab in the indentation", "blanks");
    else
      problems.add(place, "", "not valid YAML: " + error.msg);
  } catch (const Abandoned&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<YamlNode> parse_yaml(const std::string& name, const std::string& bytes, Problems& problems) {
  if (bytes.size() > kLargestFile) {
    const u16 text = problems.add_text(name, "");
    problems.add({text, 0, 0}, "", "larger than 1 MiB, which no scenario is");
    return std::nullopt;
  }
  const std::string content =
      bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes;  // a byte order mark
  const u16 text = problems.add_text(name, content);
  if (!is_text(text, content, problems)) return std::nullopt;
  std::optional<YamlNode> root = parse_text(text, content, problems);
  if (!root && problems.empty()) problems.add({text, 0, 0}, "", "is empty", "lines of 'key: value'");
  return root;
}

}  // namespace hvlab::scenario
