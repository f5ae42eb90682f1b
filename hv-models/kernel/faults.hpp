// What becomes of exceptions: a program's page fault brings the page; any other ends the program, and it
// alone.
#pragma once

namespace hvlab::kernel {

void set_up_faults();

}  // namespace hvlab::kernel
