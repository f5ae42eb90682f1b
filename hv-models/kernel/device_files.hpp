// /dev and /proc: devices and processes as files.
#pragma once

#include "hv-models/kernel/open_file.hpp"

namespace hvlab::kernel {

/// Makes /dev with console and null, and /proc.
void make_device_files();
/// Puts `device` into /dev under `name`.
void add_device_file(const char* name, const Ref<Node>& device);
/// The console as an open file, for the first process.
Ref<OpenFile> open_console();

}  // namespace hvlab::kernel
