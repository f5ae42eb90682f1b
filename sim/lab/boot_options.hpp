// `hvlab boot`: what its command line says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/record/trace_format.hpp"

namespace hvlab::lab {

struct BootOptions {
  board::MachineConfig machine;
  std::string kernel;                // empty: the machine starts in its firmware
  std::string bios;                  // firmware; empty: Debian's
  std::string bios_log_file;         // empty: none
  std::vector<std::string> modules;  // of a PVH kernel, behind the initrd
  std::vector<std::string> initrds;  // for multiboot each "FILE arguments"
  std::string append;
  std::string loader = "auto";  // auto, bzimage, pvh, multiboot
  bool reproducible = false;
  bool progress = false;
  Picoseconds max_time = kNever;
  u64 max_instructions = ~u64{0};
  std::string exits_file;    // a line for each exit of a guest; empty: none
  std::string guest_kernel;  // for names of functions in it
  std::string stats_file;    // empty: none
  std::string record;        // where to leave a run directory (record::RunWriter); empty: nowhere
  record::RecordLevel record_level = record::RecordLevel::Summary;
  bool live = false;                   // the run can be attached to (docs/live.md)
  bool live_waits = false;             // ... and begins only when somebody says so
  std::vector<std::string> arguments;  // as they were given
  std::string io_requests_file;        // empty: none
};

/// The options, or nothing if --help was given and printed. Throws UserError.
std::optional<BootOptions> parse_boot_options(const std::vector<std::string>& arguments);

/// The files beside the kernel: initrds and modules, as they were given.
std::vector<std::string> files_beside(const BootOptions& options);

}  // namespace hvlab::lab
