#include "sim/lab/scenario_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/analysis/techniques.hpp"
#include "sim/arch/features.hpp"
#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/overhead.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/metric_names.hpp"
#include "sim/lab/models.hpp"
#include "sim/lab/ways.hpp"
#include "sim/scenario/spelling.hpp"
#include "sim/timing/profile.hpp"
#include "sim/timing/removal.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;

namespace {

/// The names of the profiles in a data folder, sorted.
std::vector<std::string> profiles_in(const char* folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data_folder(folder))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

constexpr u64 kMiB = u64{1} << 20;

scenario::WayFacts facts_of(const Model& model) {
  return {model.name,
          "amd-zen2",
          model.memory * kMiB,
          model.more_memory * kMiB,
          model.instances,
          *model.pv != '\0',
          true,
          model.scheduler,
          model.devices,
          model.partitions,
          model.split,
          model.offload,
          is_hosted(model),
          model.groups};
}

scenario::WayFacts facts_of(const Way& way) {
  const analysis::Virtualizer* how = analysis::virtualizer(way.name);
  return {.name = way.name,
          .processor = way.processor,
          .memory = way.memory * kMiB,
          .more_memory = way.more_memory * kMiB,
          .instances = way.instances,
          .machines = *way.guest != '\0',
          .shadow = way.shadow,
          .domains = *way.xen != '\0',
          .moves = how != nullptr && how->moves};
}

/// What can be taken off a processor, and which of it is nested paging.
void add_features(const std::string& processor, scenario::Vocabulary& words) {
  const timing::Profile profile = timing::load_profile(processor, timing::Accuracy::Approximate);
  std::vector<std::string> names = profile.features;
  std::ranges::copy(timing::vmx_parts(profile), std::back_inserter(names));
  for (const std::string& name : names) {
    if (std::ranges::count(words.features, name) == 0) words.features.push_back(name);
    if (name == "npt" || name == "ept") words.nested_paging[processor] = name;
  }
}

void add_cluster_words(scenario::Vocabulary& words) {
  words.overheads = profiles_in("profiles/overhead");
  words.overheads.emplace_back("none");
  words.mixes = profiles_in("profiles/mix");
  words.powers = profiles_in("profiles/power");
  words.overhead_figures = cluster::overhead_figures();
  for (const cluster::HaTimings& timings : cluster::ha_timings()) words.timings.emplace_back(timings.name);
  for (const cluster::PrecopyPolicy& policy : cluster::precopy_policies())
    words.migrations.emplace_back(policy.name);
  words.occurrences = cluster::occurrence_names();
}

}  // namespace

scenario::Vocabulary scenario_vocabulary() {
  scenario::Vocabulary words;
  words.processors = timing::profile_names();
  words.disks = profiles_in("profiles/disk");
  words.links = profiles_in("profiles/link");
  const timing::Profile profile =
      timing::load_profile(words.processors.front(), timing::Accuracy::Approximate);
  for (const timing::Figure& figure : profile.figures) words.costs.push_back(figure.name);
  for (const std::string& name : words.processors) add_features(name, words);
  std::ranges::sort(words.features);
  for (const Way& way : all_ways()) words.ways.push_back(facts_of(way));
  for (const Model& model : models()) words.models.push_back(facts_of(model));
  words.metrics = metric_names();
  add_cluster_words(words);
  for (const Claim& claim : claims()) words.claims.emplace_back(claim.id);
  return words;
}

std::string read_scenario_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error))  // reading one throws
    throw UserError("'" + path + "' is a folder, and no scenario; `hvlab regress` runs those of a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("'" + path + "' cannot be read: " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string no_cell(const std::string& wanted, const std::vector<std::string>& labels) {
  const std::string none = "there is no cell '" + wanted + "'";
  if (std::ranges::all_of(labels, &std::string::empty)) return none + ": the scenario varies nothing";
  return none + scenario::did_you_mean(wanted, labels) + "; there are " + scenario::word_list(labels);
}

std::vector<scenario::Override> parse_overrides(const std::vector<std::string>& texts) {
  std::vector<scenario::Override> overrides;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UserError("--set '" + text + "': give PATH=VALUE, like machine.cores=2");
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return overrides;
}

scenario::Scenario load_scenario(const std::string& path, const std::vector<scenario::Override>& overrides,
                                 const scenario::Vocabulary& vocabulary) {
  scenario::Problems problems;
  auto scenario = scenario::read_scenario(path, read_scenario_file(path), overrides, vocabulary, problems);
  if (!scenario) throw InvalidScenario{problems.report()};
  return std::move(*scenario);
}

std::string starter_scenario() {
  return R"(# A scenario: hvlab run THIS-FILE. Every key: docs/scenarios-reference.md; what is not said: hvlab validate --resolve.
title:
  en: A virtual machine beside the bare machine
machine:
  processor: amd-zen2
  cores: 1
software:
  way: bare            # where the workload runs; `hvlab list ways` has them all
workload:
  size: quick
vary:
  software.way: [bare, kvm]
expect:
  - same: results      # both compute the same
  - metric: workload.time
    in: {software.way: kvm}
    against: {software.way: bare}
    at_most: 2         # the virtual machine takes at most twice the time
)";
}

std::string starter_cluster() {
  return R"(# A scenario of many hosts: docs/scenarios.md, docs/cluster.md. Keys: docs/scenarios-reference.md, or hvlab
# validate --resolve, which says where each default comes from.
title:
  en: A host fails while machines run on three
cluster:
  length: 1d
  hosts:
    - {name: server, count: 3}       # server-1, server-2, server-3
  datastores:
    - {name: san}                    # an array that all of them reach
  vms:
    - name: web
      count: 6
      demand: {shape: peak, low: 0.1, high: 0.6}   # of its processors, highest at noon
  ha: {}                             # machines of a failed host are started again elsewhere
  events:
    - {at: 10h, fail: {host: server-1}}
    - {at: 14h, repair: {host: server-1}}
vary:
  cluster.ha.on: [true, false]
expect:
  - {metric: machines.running, in: {cluster.ha.on: true}, equals: 6}
  - {metric: machines.served, at_least: 0.99}
  - {log: ha-dead, host: server-1, in: {cluster.ha.on: true}, at: 18s, since: fault}
)";
}

std::vector<std::string> scenario_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml")
      files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  if (files.empty()) throw UserError("'" + path + "' holds no scenarios (*.yaml)");
  return files;
}

}  // namespace hvlab::lab
