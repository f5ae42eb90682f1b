// The end of the first process is the end of the machine.
#pragma once

namespace hvlab::kernel {

/// Says how the first process ended (`status` as wait4() gives it) and switches off; with "exit=debug" on the
/// command line through the debug exit, whose value is 0 if that was well.
[[noreturn]] void end_machine(int status);

}  // namespace hvlab::kernel
