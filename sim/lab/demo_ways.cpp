#include "sim/lab/demo_ways.hpp"

namespace hvlab::lab {

namespace {

constexpr Way kWays[] = {
    {"bare", "the workload on Debian's kernel, nothing between", "kernel busybox", "256M", true, ""},
    {"container", "in an OCI container (crun): namespaces, control group, system-call filter, overlay",
     "kernel busybox crun", "384M", true, ""},
    {"container-runc", "the same by runc", "kernel busybox runc", "384M", false, ""},
};

}  // namespace

std::span<const Way> demo_ways() { return kWays; }

std::string demo_command_line(const Way& way, bool quick) {
  std::string line = std::string(kDemoCommandLine) + " hvlab.disk=1 hvlab.way=" + way.name;
  if (quick) line += " hvlab.quick=1";
  if (*way.append != '\0') line += std::string(" ") + way.append;
  return line;
}

}  // namespace hvlab::lab
