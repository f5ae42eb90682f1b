#include "sim/views/lesson_notes.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

#include "sim/base/user_error.hpp"

namespace hvlab::views {

namespace {

struct Unit {
  const char* name;
  double scale;
};
constexpr std::array kUnits = {Unit{"ps", 1},        Unit{"ns", 1e3}, Unit{"us", 1e6},   Unit{"ms", 1e9},
                               Unit{"s", 1e12},      Unit{"B", 1},    Unit{"KiB", 1024}, Unit{"MiB", 1 << 20},
                               Unit{"GiB", 1 << 30}, Unit{"%", 0.01}, Unit{"times", 1},  Unit{"cycles", 1},
                               Unit{"exits", 1},     Unit{"", 1}};

struct KindName {
  const char* name;
  Question::Kind kind;
};
constexpr KindName kKinds[] = {{"number", Question::Kind::Number},
                               {"range", Question::Kind::Range},
                               {"largest", Question::Kind::Largest},
                               {"smallest", Question::Kind::Smallest}};

void refuse_other_keys(const YAML::Node& map, const std::set<std::string>& known) {
  for (const auto& item : map) {
    const auto key = item.first.as<std::string>();
    if (!known.contains(key)) throw UserError(fmt::format("'{}': there are {}", key, fmt::join(known, ", ")));
  }
}

Question::Kind kind_of(const std::string& name) {
  const auto* found =
      std::ranges::find(kKinds, name, [](const KindName& one) { return std::string(one.name); });
  if (found == std::end(kKinds))
    throw UserError("predict: '" + name + "': give kind: number, range, largest or smallest");
  return found->kind;
}

std::vector<std::string> sources_of(const YAML::Node& node) {
  std::vector<std::string> sources;
  if (node.IsScalar()) sources.push_back(node.as<std::string>());
  if (node.IsSequence()) sources = node.as<std::vector<std::string>>();
  if (sources.empty()) throw UserError("predict: 'answer' is no expression and no list of them");
  return sources;
}

Question prediction_of(const YAML::Node& node) {
  refuse_other_keys(node, {"kind", "unit", "answer", "bounds"});
  Question question;
  question.kind = kind_of(node["kind"] ? node["kind"].as<std::string>() : "");
  if (node["unit"]) question.unit = node["unit"].as<std::string>();
  const std::optional<double> scale = unit_scale(question.unit);
  if (!scale) throw UserError("predict: unit '" + question.unit + "' is none that is known");
  question.scale = *scale;
  if (!node["answer"]) throw UserError("predict: 'answer' is missing");
  question.sources = sources_of(node["answer"]);
  for (const std::string& source : question.sources) question.answers.push_back(parse_expression(source));
  if (node["bounds"]) question.bounds = node["bounds"].as<std::vector<double>>();
  if (!std::ranges::is_sorted(question.bounds)) throw UserError("predict: bounds do not ascend");
  return question;
}

LessonNote note_of(const YAML::Node& node) {
  LessonNote note;
  if (node.IsScalar() && node.as<std::string>() == "step") return note;
  if (node.IsMap() && node.size() == 1 && node["view"]) {
    note.kind = LessonNote::Kind::View;
    note.view = split_words(node["view"].as<std::string>());
    if (note.view.empty()) throw UserError("view: which one?");
    return note;
  }
  if (node.IsMap() && node.size() == 1 && node["predict"] && node["predict"].IsMap()) {
    note.kind = LessonNote::Kind::Predict;
    note.question = prediction_of(node["predict"]);
    return note;
  }
  throw UserError("a comment here is for the viewer: 'view: NAME ...', 'predict: {...}' or 'step'");
}

// How many options and answers a question of its kind has.
void check(const Question& question) {
  using enum Question::Kind;
  const size_t options = question.options.size(), answers = question.answers.size();
  const auto refuse = [](const std::string& why) { throw UserError("predict: " + why); };
  if (question.kind == Open) return;
  if (question.kind == Number && options != 0) refuse("a number has no options to choose from");
  if (question.kind != Number && options < 2)
    refuse("give two options or more, as a list below the question");
  const bool each = question.kind == Largest || question.kind == Smallest;
  if (each && answers != options) refuse(fmt::format("{} answers for {} options", answers, options));
  if (!each && answers != 1) refuse("give one answer");
  if (question.kind == Range && question.bounds.size() + 1 != options)
    refuse(fmt::format("{} bounds between {} options", question.bounds.size(), options));
}

}  // namespace

std::optional<double> unit_scale(const std::string& unit) {
  const auto* found = std::ranges::find(kUnits, unit, [](const Unit& one) { return std::string(one.name); });
  return found == kUnits.end() ? std::nullopt : std::optional(found->scale);
}

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  bool quoted = false, inside = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (!quoted && (c == ' ' || c == '\n' || c == '\t')) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += c;
  }
  return words;
}

LessonNote parse_note(const std::string& text) {
  try {
    return note_of(YAML::Load(text));
  } catch (const YAML::Exception& problem) {
    throw UserError("a comment for the viewer is no YAML: " + problem.msg);
  }
}

Question question_of(const Block& item) {
  Question question;
  Spans text;
  std::vector<Spans> options;
  for (const Block& block : item.children) {
    if (block.kind == Block::Kind::Comment) {
      const LessonNote note = parse_note(block.text);
      if (note.kind != LessonNote::Kind::Predict) throw UserError("in a question only 'predict' may stand");
      question = note.question;
    } else if (block.kind == Block::Kind::List) {
      for (const Block& option : block.children)
        options.push_back(option.children.empty() ? Spans{} : option.children.front().spans);
    } else {
      text.insert(text.end(), block.spans.begin(), block.spans.end());
    }
  }
  question.text = std::move(text);
  question.options = std::move(options);
  question.line = item.line;
  check(question);
  return question;
}

}  // namespace hvlab::views
