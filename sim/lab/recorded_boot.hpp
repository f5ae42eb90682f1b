// From the run directory of a boot back to the boot.
#pragma once

#include "sim/lab/boot_options.hpp"
#include "sim/lab/cell_boot.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

/// The options that `run` was made with, without those that leave files or talk to anybody. Paths are as seen
/// from the run's own folder, which becomes the process' current one. `parts` holds empty disks that a
/// scenario had made and that went with it. Throws UserError, in one line, if the run cannot be repeated: it
/// reached outside, or what it booted is gone or no longer the same.
BootOptions recorded_boot(const record::RunReader& run, Parts& parts);

/// The recorded words of `hvlab boot` without the options that recorded_boot() leaves out.
std::vector<std::string> repeatable_words(const std::vector<std::string>& words);

}  // namespace hvlab::lab
