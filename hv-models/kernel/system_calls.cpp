#include "hv-models/kernel/system_calls.hpp"

#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/segments.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

extern "C" void system_call_entry();  // switch.S
extern "C" void system_call(hvlab::runtime::TrapFrame* frame);

namespace hvlab::kernel {
namespace {

// Ours: stands for a fault of the kernel's own that a program can reach by a call.
i64 call_fault(const Arguments&) { runtime::panic("call 520 asks for it"); }

struct Call {
  u16 number;
  i64 (*run)(const Arguments&);
};

constexpr Call kCalls[] = {
    {0, call_read},
    {1, call_write},
    {2, call_open},
    {3, call_close},
    {4, call_stat},
    {5, call_fstat},
    {8, call_lseek},
    {9, call_mmap},
    {10, call_mprotect},
    {11, call_munmap},
    {12, call_brk},
    {16, call_ioctl},
    {17, call_pread64},
    {18, call_pwrite64},
    {20, call_writev},
    {22, call_pipe},
    {24, call_sched_yield},
    {32, call_dup},
    {33, call_dup2},
    {35, call_nanosleep},
    {39, call_getpid},
    {41, call_socket},
    {42, call_connect},
    {44, call_sendto},
    {45, call_recvfrom},
    {49, call_bind},
    {51, call_getsockname},
    {54, call_setsockopt},
    {56, call_clone},
    {57, call_fork},
    {59, call_execve},
    {60, call_exit},
    {61, call_wait4},
    {62, call_kill},
    {74, call_fsync},
    {79, call_getcwd},
    {80, call_chdir},
    {83, call_mkdir},
    {84, call_rmdir},
    {87, call_unlink},
    {102, call_identity},
    {104, call_identity},
    {107, call_identity},
    {108, call_identity},
    {110, call_getppid},
    {158, call_arch_prctl},
    {161, call_chroot},
    {162, call_sync},
    {165, call_mount},
    {166, call_umount2},
    {186, call_gettid},
    {202, call_futex},
    {204, call_sched_getaffinity},
    {217, call_getdents64},
    {218, call_set_tid_address},
    {228, call_clock_gettime},
    {230, call_clock_nanosleep},
    {231, call_exit_group},
    {257, call_openat},
    {262, call_newfstatat},
    {293, call_pipe2},
    {500, call_contain},  // ours: container.hpp
    {kVmMake, call_vm_make},
    {kVmStart, call_vm_start},
    {kVmRun, call_vm_run},
    {kVmLine, call_vm_line},
    {kVmCombine, call_vm_combine},
    {kVmTakeSends, call_vm_take_sends},
    {kVmAttach, call_vm_attach},
    {kVmShare, call_vm_share},
    {kVmKeep, call_vm_keep},
    {kVmListen, call_vm_listen},
    {510, call_most_memory},
    {520, call_fault},
};

constexpr unsigned kNumbers = 521;

constexpr bool each_number_once() {
  for (const Call& one : kCalls) {
    unsigned found = 0;
    for (const Call& other : kCalls) found += other.number == one.number;
    if (found != 1 || one.number >= kNumbers) return false;
  }
  return true;
}
static_assert(each_number_once());

i64 (*by_number[kNumbers])(const Arguments&);

}  // namespace

void set_up_system_calls() {
  for (const Call& call : kCalls) by_number[call.number] = call.run;
  // STAR: SYSCALL loads CS and SS from 47:32 and the next; SYSRET CS from 63:48 + 16, SS from + 8 (SDM vol.
  // 2).
  runtime::write_msr(arch::msr::kStar, u64{runtime::kKernelCode} << 32 | u64{(runtime::kUserData - 8)} << 48);
  runtime::write_msr(arch::msr::kLstar, reinterpret_cast<u64>(&system_call_entry));
  runtime::write_msr(arch::msr::kFmask,
                     arch::flag::kIf | arch::flag::kDf | arch::flag::kTf | arch::flag::kAc | arch::flag::kNt);
}

}  // namespace hvlab::kernel

void system_call(hvlab::runtime::TrapFrame* frame) {
  using namespace hvlab;
  using namespace hvlab::kernel;
  const u64 number = frame->rax;
  const Arguments arguments{
      {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9}, *frame, *current_process()};
  const bool known = number < kNumbers && by_number[number] != nullptr;
  const i64 result = known ? by_number[number](arguments) : i64{kNoCall};
  frame->rax = static_cast<u64>(result);
}
