#include "sim/scenario/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolve.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

class Reader {
 public:
  Reader(const Scenario& scenario, const Vocabulary& vocabulary, bool whole, Problems& problems)
      : scenario_(scenario),
        vocabulary_(vocabulary),
        problems_(problems),
        whole_(whole),
        clean_(problems.empty()) {}

  Expectation read(const Value& value);

 private:
  void subject(const Value& value, Expectation& expectation);
  std::optional<double> bound(const Value& value, const char* key, const Expectation& expectation);
  std::vector<Setting> settings(const Value& value, const char* key);
  void check_setting(const Value& at, const Setting& setting);
  void check_bounds(const Value& value, const Expectation& expectation);
  void check_cells(const Value& value, const Expectation& expectation);
  void check_vm(const Value& vm, const Expectation& expectation);
  void log(const Value& value, Expectation& expectation);
  void check_kind(const Value& value, const Expectation& expectation);
  void check_name(const Value& name, const NameTable ClusterNames::* kind, const char* what,
                  const Expectation& expectation);
  std::vector<std::string> members(const Value& value, const char* key, NameTable ClusterNames::* kind,
                                   const Expectation& expectation);
  const ClusterNames& names(const Cell& cell);

  const Scenario& scenario_;
  const Vocabulary& vocabulary_;
  Problems& problems_;
  bool whole_;
  bool clean_;  // nothing else was wrong with the file
  std::map<const Cell*, ClusterNames> names_;
};

void Reader::subject(const Value& value, Expectation& expectation) {
  static constexpr std::pair<const char*, Subject> kSubjects[] = {{"metric", Subject::Metric},
                                                                  {"console", Subject::Console},
                                                                  {"log", Subject::Log},
                                                                  {"same", Subject::SameResults}};
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
                  "exactly one of metric, console, log and same");
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
  const bool counted = expectation.subject == Subject::Console || expectation.subject == Subject::Log;
  if (counted && expectation.reference)
    problems_.add(value.place, "",
                  fmt::format("no published figure is about a {}",
                              expectation.subject == Subject::Log ? "log" : "console"),
                  "at_least, at_most or equals");
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

/// Names of a cell's cluster, found once.
const ClusterNames& Reader::names(const Cell& cell) {
  const auto [place, fresh] = names_.try_emplace(&cell);
  const Value* cluster = cell.resolved.find("cluster");
  if (fresh && cluster != nullptr) place->second = names_of(*cluster);
  return place->second;
}

/// What a name of a host or machine stands for; it must stand for something in each cell that is meant.
std::vector<std::string> Reader::members(const Value& value, const char* key, NameTable ClusterNames::* kind,
                                         const Expectation& expectation) {
  const Value* said = value.find(key);
  std::vector<std::string> all;
  if (said == nullptr) return all;
  for (const Cell& cell : scenario_.cells) {
    if (!cell.cluster || !has_settings(cell, expectation.in)) continue;
    const NameTable& known = names(cell).*kind;
    const auto found = known.find(said->text);
    if (found == known.end()) {
      const std::vector<std::string> list = known_names(known);
      problems_.add(
          said->place, said->text,
          fmt::format("there is no {} '{}'{}{}{}", key, said->text, cell.label.empty() ? "" : " in cell ",
                      cell.label, did_you_mean(said->text, list)),
          list.empty() ? "" : "one of " + word_list(list));
      return all;
    }
    for (const std::string& member : found->second)
      if (std::ranges::count(all, member) == 0) all.push_back(member);
  }
  return all;
}

void Reader::log(const Value& value, Expectation& expectation) {
  static constexpr const char* kKeys[] = {"host", "machine", "datastore", "reason", "at", "since", "within"};
  if (expectation.subject != Subject::Log) {
    for (const char* key : kKeys) {
      if (const Value* said = value.find(key); said != nullptr)
        problems_.add(said->key_place, key, fmt::format("'{}' is for 'log', and there is none here", key));
    }
    return;
  }
  LogChoice& log = expectation.log;
  log.hosts = members(value, "host", &ClusterNames::hosts, expectation);
  log.machines = members(value, "machine", &ClusterNames::machines, expectation);
  members(value, "datastore", &ClusterNames::datastores, expectation);
  const auto text = [&](const char* key) {
    const Value* said = value.find(key);
    return said == nullptr ? "" : said->text;
  };
  log.datastore = text("datastore");
  log.reason = text("reason");
  log.since = text("since");
  if (const Value* at = value.find("at"); at != nullptr) log.at = at->count;
  if (const Value* within = value.find("within"); within != nullptr) log.within = within->count;
  for (const char* key : {"since", "within"}) {
    if (const Value* said = value.find(key); said != nullptr && !value.mentions("at"))
      problems_.add(said->key_place, key, fmt::format("'{}' says what 'at' means, and there is none", key),
                    "at: TIME beside it");
  }
}

/// Metrics and logs are of machines or of clusters.
void Reader::check_kind(const Value& value, const Expectation& expectation) {
  const Metric* metric =
      expectation.subject == Subject::Metric ? vocabulary_.metric(expectation.name) : nullptr;
  for (const Cell& cell : scenario_.cells) {
    if (!has_settings(cell, expectation.in)) continue;
    const char* what = cell.cluster ? "a cluster" : "one machine";
    if (metric != nullptr && metric->of == (cell.cluster ? MetricOf::Machine : MetricOf::Cluster))
      return problems_.add(
          value.find("metric")->place, expectation.name,
          fmt::format("'{}' is not measured of {}", expectation.name, what),
          cell.cluster ? "a cluster's, like hosts.used or machines.downtime" : "a machine's, like time");
    const bool other =
        cell.cluster ? expectation.subject == Subject::Console || expectation.subject == Subject::SameResults
                     : expectation.subject == Subject::Log;
    if (other)
      return problems_.add(value.place, "",
                           fmt::format("{} has no {}", what,
                                       expectation.subject == Subject::Console       ? "console"
                                       : expectation.subject == Subject::SameResults ? "results of a workload"
                                                                                     : "log of a cluster"),
                           cell.cluster ? "metric, log, or same: everything" : "metric, console or same");
  }
}

/// The second word of "host.server-1.used" has to be there.
void Reader::check_name(const Value& name, const NameTable ClusterNames::* kind, const char* what,
                        const Expectation& expectation) {
  const size_t begin = name.text.find('.') + 1, end = name.text.find('.', begin);
  const std::string member = name.text.substr(begin, end == std::string::npos ? end : end - begin);
  for (const Cell& cell : scenario_.cells) {
    if (!cell.cluster || !has_settings(cell, expectation.in)) continue;
    const NameTable& known = names(cell).*kind;
    const auto found = known.find(member);
    if (found != known.end() && found->second.size() == 1) continue;
    const std::vector<std::string> list = known_names(known);
    return problems_.add(name.place, name.text,
                         found != known.end()
                             ? fmt::format("'{}' is a group of {} {}s", member, found->second.size(), what)
                             : fmt::format("there is no {} '{}'{}", what, member, did_you_mean(member, list)),
                         found != known.end() ? "one of them, like " + found->second.front()
                         : list.empty()       ? ""
                                              : "one of " + word_list(list));
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
  log(value, expectation);
  if (clean_) check_kind(value, expectation);
  if (const Value* metric = value.find("metric"); metric != nullptr && clean_) {
    if (metric->text.starts_with("host.")) check_name(*metric, &ClusterNames::hosts, "host", expectation);
    if (metric->text.starts_with("group."))
      check_name(*metric, &ClusterNames::groups, "group of machines", expectation);
    if (metric->text.starts_with("datastore."))
      check_name(*metric, &ClusterNames::datastores, "datastore", expectation);
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
