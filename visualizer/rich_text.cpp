#include "visualizer/rich_text.hpp"

#include <algorithm>

namespace hvlab::visualizer {

using views::Span;
using views::TextUnit;
using views::Word;

namespace {

ImFont* font_of(const Look& look, const Span& span) {
  if (span.code) return look.mono;
  return span.strong || span.emphasis ? look.strong : look.text;
}

float width_of(ImFont* font, const char* begin, const char* end) {
  return font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, begin, end).x;
}

/// Sets units one behind the other, and begins lines.
class Setter {
 public:
  Setter(Frame& frame, const views::MarkedSpans& marked, const std::vector<Word>& words, ImU32 ink)
      : frame_(frame), look_(frame.look), marked_(marked), words_(words), ink_(ink != 0 ? ink : look_.ink) {
    origin_ = ImGui::GetCursorScreenPos();
    width_ = std::max(ImGui::GetContentRegionAvail().x, look_.px(40));
    line_ = look_.text->FontSize * 1.42F;
  }

  void set() {
    const std::vector<TextUnit> units = views::text_units(marked_.spans);
    for (size_t i = 0; i < units.size(); ++i) {
      if (units[i].text == "\n") {
        begin_line();
        continue;
      }
      if (units[i].breaks && x_ > 0 && x_ + width_until_break(units, i) > width_) begin_line();
      draw(units[i]);
    }
    ImGui::Dummy({width_, y_ + line_});
  }

 private:
  void begin_line() {
    x_ = 0;
    y_ += line_;
  }

  // Of a unit and all that may not be parted from it, without the spaces behind.
  float width_until_break(const std::vector<TextUnit>& units, size_t first) const {
    float width = 0;
    for (size_t i = first; i < units.size() && (i == first || !units[i].breaks); ++i) {
      const size_t end = units[i].text.find_last_not_of(' ') + 1;
      width += width_of(font_of(look_, marked_.spans[units[i].span]), units[i].text.data(),
                        units[i].text.data() + end);
    }
    return width;
  }

  void draw(const TextUnit& unit) {
    const Span& span = marked_.spans[unit.span];
    ImFont* font = font_of(look_, span);
    const char* begin = unit.text.data();
    const char* ink_end = begin + unit.text.find_last_not_of(' ') + 1;
    const float base = origin_.y + y_ + (line_ - look_.text->FontSize) / 2 + look_.text->Ascent;
    const ImVec2 at = {origin_.x + x_, base - font->Ascent};
    const float inked = width_of(font, begin, ink_end),
                whole = width_of(font, begin, begin + unit.text.size());
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (span.code) {
      const ImVec2 from = {at.x - look_.px(1.5F), at.y - look_.px(1)};
      list->AddRectFilled(from, {at.x + whole + look_.px(1.5F), at.y + font->FontSize + look_.px(2)},
                          look_.panel);
    }
    const int word = marked_.words[unit.span];
    list->AddText(font, font->FontSize, at, span.link.empty() ? ink_ : look_.accent, begin, ink_end);
    if (word >= 0) draw_word(words_[static_cast<size_t>(word)], at, inked, font->FontSize);
    x_ += whole;
  }

  // A line of dots below, and the meaning when it is pointed at.
  void draw_word(const Word& word, ImVec2 at, float width, float height) {
    const float y = at.y + height + look_.px(1);
    for (float x = at.x; x < at.x + width - 1; x += look_.px(4))
      ImGui::GetWindowDrawList()->AddLine({x, y}, {x + look_.px(2), y}, look_.accent, look_.px(1));
    if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect(at, {at.x + width, y})) return;
    ImGui::SetNextWindowSize({look_.px(420), 0});
    ImGui::BeginTooltip();
    ImGui::PushFont(look_.strong);
    ImGui::TextUnformatted(word.name.c_str());
    ImGui::PopFont();
    std::set<size_t> none;
    Span meaning;
    meaning.text = word.meaning;
    const views::MarkedSpans plain = views::mark_words({meaning}, {}, none);
    Setter(frame_, plain, words_, 0).set();
    if (!word.source.empty()) ImGui::TextDisabled("%s", word.source.c_str());
    ImGui::EndTooltip();
  }

  Frame& frame_;
  const Look& look_;
  const views::MarkedSpans& marked_;
  const std::vector<Word>& words_;
  ImU32 ink_;
  ImVec2 origin_;
  float width_ = 0, line_ = 0, x_ = 0, y_ = 0;
};

void add_words(std::vector<Word>& words, const nlohmann::ordered_json& document,
               const std::string& language) {
  if (!document.contains("entries")) return;
  for (const auto& entry : document["entries"]) {
    Word word;
    word.name = entry.value("name", "");
    if (word.name.find('*') != std::string::npos) continue;
    word.meaning = entry.value(language, "");
    if (word.meaning.empty()) word.meaning = entry.value("en", "");
    word.source = entry.value("source", "");
    if (entry.contains("also")) word.also = entry["also"].get<std::vector<std::string>>();
    words.push_back(std::move(word));
  }
}

}  // namespace

const std::vector<Word>& words_of(Frame& frame) {
  static std::vector<Word> words;
  static std::string made_for;
  const Answer& glossary = frame.ask.ask({"list", "glossary", "--json"});
  const Answer& exits = frame.ask.ask({"list", "exits", "--json"});
  if (glossary.state == Answer::State::Waiting || exits.state == Answer::State::Waiting) {
    frame.loading = true;
    return words;
  }
  if (made_for == frame.state.language) return words;
  made_for = frame.state.language;
  words.clear();
  add_words(words, glossary.document, made_for);
  const size_t glossary_words = words.size();
  add_words(words, exits.document, made_for);
  for (size_t i = glossary_words; i < words.size(); ++i)
    words[i].code = true;  // "io", "pause": other words, too
  return words;
}

float spans_width(const Frame& frame, const views::Spans& spans) {
  float width = 0;
  for (const Span& span : spans)
    width += width_of(font_of(frame.look, span), span.text.data(), span.text.data() + span.text.size());
  return width;
}

void draw_spans(Frame& frame, Reading& reading, const views::Spans& spans, ImU32 ink) {
  const views::MarkedSpans marked = views::mark_words(spans, reading.words, reading.seen);
  Setter(frame, marked, reading.words, ink).set();
}

void draw_wrapped(Frame& frame, const std::string& text, ImU32 ink) {
  static const std::vector<Word> none;
  Reading reading{.words = none};
  Span span;
  span.text = text;
  draw_spans(frame, reading, {span}, ink);
}

}  // namespace hvlab::visualizer
