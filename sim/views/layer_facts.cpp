// What a run shows of its architecture.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "sim/base/user_error.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/views/layer_counters.hpp"
#include "sim/views/layers.hpp"

namespace hvlab::views {

namespace {

using record::LaneType;

unsigned number_behind(const std::string& line, const std::string& key) {
  const size_t at = line.find(key);
  unsigned number = 0;
  if (at != std::string::npos)
    std::from_chars(line.data() + at + key.size(), line.data() + line.size(), number);
  return number;
}

// Of "HVLAB hypervisor ready model=monolithic ..." the model.
std::string word_behind(const std::string& line, const std::string& key) {
  const size_t at = line.find(key);
  if (at == std::string::npos) return "";
  return line.substr(at + key.size(), line.find(' ', at + key.size()) - at - key.size());
}

void take_line(const std::string& line, LayerFacts& facts) {
  if (line.find("HVLAB management start ") != std::string::npos)
    facts.management_vm = number_behind(line, " vm=");
  if (line.find("HVLAB hypervisor ready ") != std::string::npos)
    facts.software = word_behind(line, " model=");
}

void take_lanes(const record::TraceReader& trace, LayerFacts& facts) {
  std::set<unsigned> vms;
  unsigned cores = 0;
  for (const auto& [number, lane] : trace.lanes()) {
    if (lane.type == LaneType::Core) ++cores;
    if (lane.type == LaneType::Vcpu) vms.insert(lane.vm);
    if (lane.type == LaneType::Group && lane.vm == 1) facts.containers.push_back(lane.name);
  }
  facts.processors = std::max(cores, 1U);
  facts.vms.assign(vms.begin(), vms.end());
  for (const auto& [key, entry] : trace.names(record::NameTable::Mark)) take_line(entry.text, facts);
}

void take_statistics(const record::Json& stats, LayerFacts& facts) {
  for (const auto& [account, cycles] : stats.at("ledger").items())
    facts.accounts[account] = cycles.get<double>();
  if (!facts.vms.empty()) return;
  std::set<unsigned> vms;
  for (const record::Json& vcpu : stats.value("vcpus", record::Json::array()))
    vms.insert(vcpu.at("vm").get<unsigned>());
  facts.vms.assign(vms.begin(), vms.end());
  for (const record::Json& mark : stats.value("marks", record::Json::array()))
    take_line(mark.at("line").get<std::string>(), facts);
}

// The cell as it was resolved.
void take_description(const std::string& text, LayerFacts& facts) {
  const YAML::Node cell = YAML::Load(text);
  const YAML::Node software = cell["software"];
  for (const char* key : {"way", "model"}) {
    if (!software || !software[key]) continue;
    facts.contained = facts.contained || software[key].as<std::string>() == "container";
    if (facts.software.empty()) facts.software = software[key].as<std::string>();
  }
  if (const YAML::Node workload = cell["workload"]; workload && workload["instances"])
    facts.instances = std::max(workload["instances"].as<unsigned>(), 1U);
}

}  // namespace

LayerFacts layer_facts(const OpenRun& run) {
  LayerFacts facts;
  const record::RunReader& reader = run.reader();
  try {
    if (run.trace() != nullptr) take_lanes(*run.trace(), facts);
    if (reader.has(record::kStatsFile))
      take_statistics(reader.stats(), facts);
    else if (run.trace() != nullptr)
      for (const auto& [account, seconds] : ledger_between(*run.trace(), 0, run.trace()->end()))
        facts.accounts[account] = seconds;
    if (reader.has("resolved.yaml")) take_description(reader.content("resolved.yaml"), facts);
  } catch (const UserError&) {  // damaged: as far as it goes; the run says so where it is shown
    return facts;
  } catch (const nlohmann::json::exception&) {
    return facts;
  } catch (const YAML::Exception&) {
    return facts;
  }
  return facts;
}

}  // namespace hvlab::views
