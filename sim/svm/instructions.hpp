// The instructions of SVM (APM vol. 3, chapter 4).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::svm {

using cpu::Cpu;
using decode::Op;
using decode::Outcome;

Outcome vmrun(Cpu& cpu, const Op& op);
Outcome vmload(Cpu& cpu, const Op& op);
Outcome vmsave(Cpu& cpu, const Op& op);
Outcome stgi(Cpu& cpu, const Op& op);
Outcome clgi(Cpu& cpu, const Op& op);
Outcome skinit(Cpu& cpu, const Op& op);
Outcome invlpga(Cpu& cpu, const Op& op);
/// VMMCALL that is not intercepted, and RSM outside system-management mode: #UD.
Outcome undefined_here(Cpu& cpu, const Op& op);

}  // namespace hvlab::svm
