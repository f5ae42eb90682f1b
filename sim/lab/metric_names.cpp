#include "sim/lab/metric_names.hpp"

#include <algorithm>

#include "sim/arch/vmx_exit.hpp"
#include "sim/arch/xen.hpp"
#include "sim/lab/cluster_metrics.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"
#include "sim/observe/io_request.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::lab {

using scenario::Metric;
using scenario::MetricUnit;

const std::vector<std::string>& workload_phases() {
  static const std::vector<std::string> kPhases = {"cpu",     "stream", "chase",     "syscall", "pipe",
                                                   "process", "file",   "network",   "smp",     "disk",
                                                   "link",    "ping",   "link-bulk", "send",    "receive"};
  return kPhases;
}

std::vector<std::string> exit_reasons() {
  static constexpr std::pair<const char*, u64> kNames[] = {
#define SVM_EXIT(code, id, name, exit_class, section) {name, code},
#include "sim/arch/svm_exits.inc"
#undef SVM_EXIT
#define EXIT(id, number, name, exit_class, section) {name, arch::vmx::exit_code(number)},
#include "sim/arch/vmx_exits.inc"
#undef EXIT
#define PV_EXIT(number, id, name, exit_class, what) {name, arch::xen::exit_code(arch::xen::Exit::id)},
#include "sim/arch/pv_exits.inc"
#undef PV_EXIT
  };
  std::vector<std::string> reasons;
  for (const auto& [name, code] : kNames) {
    // The first of a numbered series ("exception-0", "read-cr0") is listed without its number.
    if (const std::string label = observe::exit_label(code); label == name) reasons.push_back(label);
  }
  return reasons;
}

std::vector<std::string> exit_classes() {
  std::vector<std::string> classes;
  for (size_t i = 0; i < static_cast<size_t>(observe::ExitClass::Count); ++i)
    classes.emplace_back(observe::name(static_cast<observe::ExitClass>(i)));
  return classes;
}

namespace {

void add_exits(const std::string& before, std::vector<Metric>& names) {
  const auto add = [&](const std::string& name) {
    names.push_back({before + name + ".cycles", MetricUnit::Count});
    names.push_back({before + name, MetricUnit::Count});
  };
  add("exits");
  for (const std::string& reason : exit_reasons()) add("exits." + reason);
  for (const char* series : {"exception-", "pv-exception-", "read-cr", "write-cr", "read-dr", "write-dr"})
    add(std::string("exits.") + series + "*");
  for (const std::string& each : exit_classes()) add("exits.class." + each);
}

void add_requests(std::vector<Metric>& names) {
  for (size_t i = 0; i < static_cast<size_t>(observe::IoOperation::Count); ++i) {
    const std::string requests =
        std::string("requests.") + observe::name(static_cast<observe::IoOperation>(i));
    names.push_back({requests, MetricUnit::Count});
    names.push_back({requests + ".time", MetricUnit::Time});
    names.push_back({requests + ".exits", MetricUnit::Ratio});
    names.push_back({requests + ".copied", MetricUnit::Size});
    for (size_t place = 0; place < observe::kIoPlaces; ++place)
      names.push_back(
          {requests + "." + observe::name(static_cast<observe::IoWhere>(place)) + ".time", MetricUnit::Time});
  }
}

}  // namespace

std::vector<Metric> metric_names() {
  std::vector<Metric> names = {{"time", MetricUnit::Time},          {"instructions", MetricUnit::Count},
                               {"cycles", MetricUnit::Count},       {"busy", MetricUnit::Count},
                               {"workload.time", MetricUnit::Time}, {"start.time", MetricUnit::Time},
                               {"launch.time", MetricUnit::Time},   {"memory.each", MetricUnit::Size}};
  for (const std::string& phase : workload_phases())
    names.push_back({"phase." + phase + ".time", MetricUnit::Time});
  for (size_t i = 0; i < observe::kAccounts; ++i) {
    const std::string account = observe::name(static_cast<observe::Account>(i));
    names.push_back({"ledger." + account, MetricUnit::Count});
    names.push_back({"share." + account, MetricUnit::Ratio});
  }
  names.push_back({"work.time", MetricUnit::Time});
  names.push_back({"work.cycles", MetricUnit::Count});
  for (size_t i = 0; i < observe::kAccounts; ++i) {
    const std::string account = observe::name(static_cast<observe::Account>(i));
    names.push_back({"work.ledger." + account, MetricUnit::Count});
    names.push_back({"work.share." + account, MetricUnit::Ratio});
  }
  for (const char* state : {"running", "ready", "co-stopped", "halted", "blocked"})
    names.push_back({std::string("vm*.") + state + ".time", MetricUnit::Time});
  for (const char* what : {"runnable", "waiting", "waiting-beside-idle", "partly-running"})
    names.push_back({std::string("work.vm*.") + what + ".time", MetricUnit::Time});
  add_exits("", names);
  add_exits("work.", names);
  add_requests(names);
  for (size_t i = 0; i < static_cast<size_t>(observe::EventKind::Count); ++i)
    names.push_back(
        {std::string("events.") + observe::name(static_cast<observe::EventKind>(i)), MetricUnit::Count});
  for (const Metric& metric : cluster_metric_names()) {
    if (metric.name == names.front().name)
      names.front() = metric;  // time
    else
      names.push_back(metric);
  }
  return names;
}

}  // namespace hvlab::lab
