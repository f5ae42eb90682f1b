// How hvlab ends: every status, once.
#pragma once

namespace hvlab::lab::exit_status {

inline constexpr int kPowerOff = 0;
inline constexpr int kUsage = 2;        // a mistake of the user's: one line on standard error
inline constexpr int kMissing = 6;      // a package, an image or a data file is not there
inline constexpr int kHostState = 114;  // a #VMEXIT found a host that cannot be loaded
inline constexpr int kHang = 116;       // every processor is halted and nothing can wake one
inline constexpr int kTripleFault = 118;
inline constexpr int kReset = 120;        // the guest reset the machine
inline constexpr int kVmxAbort = 122;     // a VM exit could not be completed
inline constexpr int kLimit = 124;        // --max-time or --max-instructions reached
inline constexpr int kInterrupted = 130;  // Ctrl-C, SIGTERM, or Ctrl-A X on the console

// Of what runs scenarios: run, regress, validate, compare.
inline constexpr int kNotAsExpected = 1;  // an expectation does not hold, or runs differ
inline constexpr int kInvalid = 3;        // a scenario file
inline constexpr int kGuestFailed = 4;    // the guest ended in another way than the scenario's
inline constexpr int kLimitReached = 5;
inline constexpr int kOurFault = 70;  // HVLab's own

/// The status of a write of `value` to port F4h: odd, so unlike every other.
constexpr int debug_exit(unsigned value) { return static_cast<int>((value << 1 | 1) & 0xff); }

/// The table as `--help` prints it.
inline constexpr const char* kHelp =
    "Exit status:\n"
    "  0             the guest switched the machine off\n"
    "  (v << 1) | 1  with --debug-exit: the guest wrote v to port 0xf4 (modulo 256; always odd)\n"
    "  2             a mistake in the command line or in a file: one line on standard error says which\n"
    "  114           host-state: what a #VMEXIT of SVM was to go back to was not valid, so that the "
    "processor shut down\n"
    "  116           hang: every processor is halted and nothing can wake one (HLT with interrupts off)\n"
    "  118           triple fault\n"
    "  120           the guest reset the machine\n"
    "  122           VMX abort: a VM exit could not be completed; standard error says the indicator\n"
    "  124           the limit of --max-time or --max-instructions was reached\n"
    "  130           stopped by Ctrl-C, SIGTERM, or Ctrl-A X\n"
    "Every end but a power-off says on standard error where the guest was.\n";

}  // namespace hvlab::lab::exit_status
