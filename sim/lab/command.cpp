#include "sim/lab/command.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/lab/boot_command.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/cluster_command.hpp"
#include "sim/lab/demo.hpp"
#include "sim/lab/doctor.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/explain_command.hpp"
#include "sim/lab/inspect_command.hpp"
#include "sim/lab/overhead_command.hpp"
#include "sim/lab/report_command.hpp"
#include "sim/lab/run_commands.hpp"
#include "sim/lab/scenario_commands.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/sweep_cells.hpp"
#include "sim/lab/sweep_command.hpp"
#include "sim/lab/validate_command.hpp"
#include "sim/lab/view_command.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::lab {

namespace {

constexpr Command kCommands[] = {
    {"boot", "boot a kernel on a simulated PC", boot_command},
    {"claims", "judge claims about virtualization by runs of the demo's ways", claims_command},
    {"compare", "runs side by side, and where their events part", compare_command},
    {"demo", "run one workload several ways on Debian's kernel, and compare", demo_command},
    {"doctor", "say what this host has for HVLab and what it lacks", doctor_command},
    {"explain", "say what a metric, exit reason, event or word means", explain_command},
    {"init", "write a scenario to start from", init_command},
    {"inspect", "the machine's state at a moment of a recorded run", inspect_command},
    {"list", "list names: ways, metrics, exit reasons, events, words", list_command},
    {"overhead", "what ways of virtualizing cost, told from runs, for models of many hosts",
     overhead_command},
    {"regress", "run scenarios of files and folders, and say which hold", regress_command},
    {"report", "runs side by side as one page of HTML", report_command},
    {"run", "run a scenario: every cell, and what it expects", run_command},
    {"schema", "the JSON schema of scenario files, for editors", schema_command},
    {"stat", "what a run measured: ledger, exits, machines, devices", stat_command},
    {"sweep", "run a scenario for every combination of values, and say what moves what", sweep_command},
    {"top", "what each processor and device did around a moment of a run", top_command},
    {"trace", "a run's events: print, filter, export to Perfetto, CSV, SQLite", trace_command},
    {"validate", "check scenario files, or print them with every default", validate_command},
    {"view", "open a window on runs: compared, hop by hop, over time", view_command},
};

void print_help() {
  std::cout << "usage: hvlab COMMAND [OPTION]...\n\n"
               "A cycle-approximate full-system x86 simulator: a laboratory for virtualization.\n\n"
               "Commands ('hvlab COMMAND --help' tells more):\n";
  for (const Command& command : kCommands) std::printf("  %-9s %s\n", command.name, command.summary);
  std::printf("  %-9s %s\n", "test", "build everything and run the tests (by the launcher ./hvlab)");
  std::cout << "\n  --version, --help\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) throw UserError("which command? See 'hvlab --help'");
  const std::string& name = arguments.front();
  if (name == "--help" || name == "help") return print_help(), 0;
  if (name == "--version") return std::cout << "hvlab " HVLAB_VERSION "\n", 0;
  if (name == "sweep-element") return sweep_element_command({arguments.begin() + 1, arguments.end()});
  if (name == "cluster-cell") return cluster_cell_command({arguments.begin() + 1, arguments.end()});
  for (const Command& command : kCommands) {
    if (name == command.name) return command.run({arguments.begin() + 1, arguments.end()});
  }
  throw UserError("there is no command '" + name + "'; see 'hvlab --help'");
}

/// The status of a command that ended with `status`, once standard output has taken all of it: results that
/// are not all there are none. A reader who has left (EPIPE) has what it wanted.
int with_output(int status) {
  errno = 0;
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return status;
  if (errno == EPIPE) return status;
  std::cerr << "hvlab: standard output: " << (errno == 0 ? "cannot be written to" : std::strerror(errno))
            << '\n';
  return status == 0 ? exit_status::kUsage : status;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  try {
    return with_output(dispatch(arguments));
  } catch (const record::RunMissing& error) {
    std::cerr << "hvlab: " << error.what() << '\n';
    return exit_status::kMissing;
  } catch (const InvalidScenario& invalid) {
    std::cerr << invalid.report;
    return exit_status::kInvalid;
  } catch (const UserError& error) {
    std::cerr << "hvlab: " << error.what() << '\n';
    return exit_status::kUsage;
  } catch (const std::exception& error) {
    std::cerr << "hvlab: a fault of HVLab's own: " << error.what() << '\n';
    return exit_status::kOurFault;
  }
}

}  // namespace hvlab::lab
