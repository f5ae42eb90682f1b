// Catches lines that end where none may, and words that are marked within others, or twice.
#include "sim/views/text_units.hpp"

#include <catch2/catch.hpp>

namespace hvlab::views {
namespace {

Span span(const std::string& text, bool code = false) {
  Span made;
  made.text = text;
  made.code = code;
  return made;
}

// Units, with | where a line may end before one and + where it may not.
std::string cut(const Spans& spans) {
  std::string text;
  for (const TextUnit& unit : text_units(spans)) text += (unit.breaks ? "|" : "+") + unit.text;
  return text;
}

std::string marks(const Spans& spans, const std::vector<Word>& words, std::set<size_t> seen = {}) {
  const MarkedSpans marked = mark_words(spans, words, seen);
  std::string text;
  for (size_t i = 0; i < marked.spans.size(); ++i)
    text += marked.words[i] < 0 ? marked.spans[i].text
                                : "[" + marked.spans[i].text + ":" + std::to_string(marked.words[i]) + "]";
  return text;
}

}  // namespace

TEST_CASE("lines end between words, and not before a mark behind code") {
  CHECK(cut({span("two  words, here")}) == "|two  |words, |here");
  CHECK(cut({span("see "), span("npf", true), span(". And")}) == "|see |npf+. |And");
  CHECK(cut({span("a("), span("b", true), span(") c")}) == "|a(+b+) |c");
  CHECK(cut({span("docs/lessons/b.md", true)}) == "|docs/|lessons/|b.md");
  CHECK(cut({span("/bin/smp", true)}) == "|/bin/|smp");
  CHECK(cut({span("and/or")}) == "|and/or");
  CHECK(cut({span("a\nb")}) == "|a|\n|b");
  CHECK(cut({}).empty());
}

TEST_CASE("in Japanese lines end between letters, but not before closing or behind opening marks") {
  CHECK(cut({span("出る。「はい」")}) == "|出|る。|「は|い」");
  CHECK(cut({span("コストはVM exitの")}) == "|コ|ス|ト|は|VM |exit|の");
  CHECK(cut({span("ちょっと")}) == "|ちょっ|と");
  CHECK(cut({span("ポート("), span("1F7h", true), span(")は")}) == "|ポー|ト|(+1F7h+)|は");
}

TEST_CASE("words are marked once, the longest first, as whole words") {
  const std::vector<Word> words = {{"VM exit", {"#VMEXIT", "VM exits"}, "", ""},
                                   {"virtual machine", {"仮想マシン"}, "", ""},
                                   {"virtual machine monitor", {}, "", ""},
                                   {"host", {}, "", ""},
                                   {"npf", {}, "", "", true}};
  CHECK(marks({span("Virtual machines exit; a virtual machine monitor too")}, words) ==
        "[Virtual machines:1] exit; a [virtual machine monitor:2] too");
  CHECK(marks({span("hosted, ghost, host-kernel; the host. A host")}, words) ==
        "hosted, ghost, host-kernel; the [host:3]. A host");
  CHECK(marks({span("a #VMEXIT")}, words) == "a [#VMEXIT:0]");
  CHECK(marks({span("仮想マシンは仮想マシン")}, words) == "[仮想マシン:1]は仮想マシン");
  CHECK(marks({span("npf, npf "), span("npf", true), span(" "), span("the host", true)}, words) ==
        "npf, npf [npf:4] the host");
  CHECK(marks({span("host")}, words, {3}) == "host");
}

}  // namespace hvlab::views
