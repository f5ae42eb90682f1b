#include "sim/scenario/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolve.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

class Reader {
 public:
  Reader(const Scenario& scenario, const Vocabulary& vocabulary, bool whole, Problems& problems)
      : scenario_(scenario), vocabulary_(vocabulary), problems_(problems), whole_(whole) {}

  Expectation read(const Value& value);

 private:
  void subject(const Value& value, Expectation& expectation);
  std::optional<double> bound(const Value& value, const char* key, const Expectation& expectation);
  std::vector<Setting> settings(const Value& value, const char* key);
  void check_setting(const Value& at, const Setting& setting);
  void check_bounds(const Value& value, const Expectation& expectation);
  void check_cells(const Value& value, const Expectation& expectation);
  void check_vm(const Value& vm, const Expectation& expectation);

  const Scenario& scenario_;
  const Vocabulary& vocabulary_;
  Problems& problems_;
  bool whole_;
};

void Reader::subject(const Value& value, Expectation& expectation) {
  static constexpr std::pair<const char*, Subject> kSubjects[] = {
      {"metric", Subject::Metric}, {"console", Subject::Console}, {"same", Subject::SameResults}};
  int given = 0;
  for (const auto& [key, subject] : kSubjects) {
    if (!value.mentions(key)) continue;
    ++given;
    expectation.subject = subject;
    if (const Value* name = value.find(key); name != nullptr) expectation.name = name->text;
  }
  if (expectation.subject == Subject::SameResults && expectation.name == "everything")
    expectation.subject = Subject::SameEverything;
  if (given != 1) {
    problems_.add(value.place, "",
                  fmt::format("an expectation is about {}", given == 0 ? "nothing" : "two things"),
                  "exactly one of metric, console and same");
  }
  if (expectation.subject != Subject::Metric || given != 1) return;
  if (const Metric* metric = vocabulary_.metric(expectation.name); metric != nullptr)
    expectation.unit = metric->unit;
}

std::optional<double> Reader::bound(const Value& value, const char* key, const Expectation& expectation) {
  const Value* text = value.find(key);
  if (text == nullptr ||
      (expectation.subject == Subject::Metric && vocabulary_.metric(expectation.name) == nullptr))
    return {};
  YamlNode node;
  node.kind = YamlNode::Kind::Scalar;
  node.text = text->text;
  node.place = text->place;
  const bool ratio = !expectation.against.empty() || expectation.unit == MetricUnit::Ratio;
  Type type = Type::Number;
  if (!ratio && expectation.unit == MetricUnit::Count) type = Type::Count;
  if (!ratio && expectation.unit == MetricUnit::Time) type = Type::Time;
  if (!ratio && expectation.unit == MetricUnit::Size) type = Type::Size;
  const Key about = {key, type, Presence::Optional, "", ""};
  Value read;
  if (!read_scalar(node, about, vocabulary_, problems_, read)) return {};
  return type == Type::Number ? read.number : static_cast<double>(read.count);
}

void Reader::check_setting(const Value& at, const Setting& setting) {
  if (!whole_) return;
  std::vector<std::string> paths, values;
  for (const Cell& cell : scenario_.cells) {
    for (const Setting& each : cell.settings) {
      if (std::ranges::count(paths, each.path) == 0) paths.push_back(each.path);
      if (each.path == setting.path && std::ranges::count(values, each.value) == 0)
        values.push_back(each.value);
    }
  }
  if (values.empty()) {
    problems_.add(
        at.key_place, setting.path, fmt::format("'{}' is not varied", setting.path),
        paths.empty() ? "a path under 'vary', which this file has not" : "one of " + word_list(paths));
  } else if (std::ranges::count(values, setting.value) == 0) {
    problems_.add(at.place, setting.value,
                  fmt::format("no cell has '{}' there{}", setting.value, did_you_mean(setting.value, values)),
                  "one of " + word_list(values));
  }
}

std::vector<Setting> Reader::settings(const Value& value, const char* key) {
  std::vector<Setting> list;
  const Value* given = value.find(key);
  if (given == nullptr) return list;
  for (size_t i = 0; i < given->keys.size(); ++i) {
    list.push_back({given->keys[i], given->items[i].text});
    check_setting(given->items[i], list.back());
  }
  return list;
}

void Reader::check_bounds(const Value& value, const Expectation& expectation) {
  const bool bounded =
      expectation.at_least || expectation.at_most || expectation.equals || expectation.reference;
  const bool said = value.mentions("at_least") || value.mentions("at_most") || value.mentions("equals") ||
                    value.mentions("reference");
  if (expectation.subject == Subject::Metric && !bounded && !said)
    problems_.add(value.place, "", "nothing is expected of the metric",
                  "at_least, at_most, equals or reference");
  const bool same =
      expectation.subject == Subject::SameResults || expectation.subject == Subject::SameEverything;
  if (same && (bounded || !expectation.against.empty()))
    problems_.add(value.place, "", "'same' has no bounds");
  if (expectation.subject == Subject::Console && expectation.reference)
    problems_.add(value.place, "", "no published figure is about a console", "at_least, at_most or equals");
  if (expectation.at_least && expectation.at_most && *expectation.at_least > *expectation.at_most)
    problems_.add(value.find("at_most")->place, value.find("at_most")->text, "'at_most' is below 'at_least'");
}

void Reader::check_cells(const Value& value, const Expectation& expectation) {
  if (scenario_.cells.empty() || expectation.against.empty()) return;
  for (const Cell& cell : scenario_.cells) {
    if (has_settings(cell, expectation.in) && counterpart(scenario_, cell, expectation.against) == &cell)
      problems_.add(value.find("against")->key_place, "against",
                    fmt::format("cell {} would be compared with itself", cell.label),
                    "'in' with other cells");
  }
}

void Reader::check_vm(const Value& vm, const Expectation& expectation) {
  if (expectation.subject != Subject::Console) {
    problems_.add(vm.key_place, "vm", "'vm' says whose console is meant, and there is no 'console' here");
    return;
  }
  for (const Cell& cell : scenario_.cells) {
    if (!has_settings(cell, expectation.in) || expectation.vm <= cell.vms.size()) continue;
    problems_.add(vm.place, vm.text,
                  fmt::format("there is no vm {}{}{}; there are {}", expectation.vm,
                              cell.label.empty() ? "" : " in cell ", cell.label, cell.vms.size()),
                  "'in' with other cells, or another number");
    return;
  }
}

Expectation Reader::read(const Value& value) {
  Expectation expectation;
  expectation.place = value.place;
  subject(value, expectation);
  expectation.in = settings(value, "in");
  expectation.against = settings(value, "against");
  expectation.at_least = bound(value, "at_least", expectation);
  expectation.at_most = bound(value, "at_most", expectation);
  expectation.equals = bound(value, "equals", expectation);
  if (const Value* reference = value.find("reference"); reference != nullptr) {
    const Value *figure = reference->find("value"), *within = reference->find("within"),
                *source = reference->find("source");
    if (figure != nullptr && within != nullptr && source != nullptr)
      expectation.reference = Reference{figure->number, within->number, source->text};
  }
  if (const Value* vm = value.find("vm"); vm != nullptr) {
    expectation.vm = static_cast<unsigned>(vm->count);
    check_vm(*vm, expectation);
  }
  if (const Value* why = value.find("why"); why != nullptr) expectation.why = why->text;
  check_bounds(value, expectation);
  check_cells(value, expectation);
  return expectation;
}

}  // namespace

std::vector<Expectation> read_expectations(const Value& list, const Scenario& scenario,
                                           const Vocabulary& vocabulary, bool whole, Problems& problems) {
  Reader reader(scenario, vocabulary, whole, problems);
  std::vector<Expectation> expectations;
  expectations.reserve(list.items.size());
  for (const Value& item : list.items) expectations.push_back(reader.read(item));
  return expectations;
}

}  // namespace hvlab::scenario
