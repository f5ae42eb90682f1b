// The calls of the kernel: numbers, arguments and structures are those of Linux for x86-64, so that the same
// static program runs on both. The table is in system_calls.cpp; what it does not have gives kNoCall.
#pragma once

#include "hv-models/kernel/error.hpp"
#include "hv-models/runtime/interrupts.hpp"

namespace hvlab::kernel {

struct Process;

struct Arguments {
  u64 a[6];
  runtime::TrapFrame& frame;
  Process& process;                                                // that calls
  int number(unsigned i) const { return static_cast<int>(a[i]); }  // an int argument: its low half counts
};

/// Sets up SYSCALL on the calling processor.
void set_up_system_calls();

// calls_process.cpp
i64 call_fork(const Arguments&);
i64 call_clone(const Arguments&);
i64 call_execve(const Arguments&);
i64 call_exit(const Arguments&);
i64 call_exit_group(const Arguments&);
i64 call_wait4(const Arguments&);
i64 call_kill(const Arguments&);
i64 call_getpid(const Arguments&);
i64 call_getppid(const Arguments&);
i64 call_gettid(const Arguments&);
i64 call_set_tid_address(const Arguments&);
i64 call_arch_prctl(const Arguments&);
i64 call_futex(const Arguments&);
i64 call_sched_yield(const Arguments&);
i64 call_sched_getaffinity(const Arguments&);
i64 call_contain(const Arguments&);
i64 call_most_memory(const Arguments&);
i64 call_identity(const Arguments&);
// calls_memory.cpp
i64 call_mmap(const Arguments&);
i64 call_mprotect(const Arguments&);
i64 call_munmap(const Arguments&);
i64 call_brk(const Arguments&);
// vm_calls.cpp
i64 call_vm_make(const Arguments&);
i64 call_vm_start(const Arguments&);
i64 call_vm_run(const Arguments&);
i64 call_vm_line(const Arguments&);
i64 call_vm_combine(const Arguments&);
i64 call_vm_take_sends(const Arguments&);
i64 call_vm_attach(const Arguments&);
i64 call_vm_share(const Arguments&);
i64 call_vm_keep(const Arguments&);
i64 call_vm_listen(const Arguments&);
// calls_time.cpp
i64 call_clock_gettime(const Arguments&);
i64 call_nanosleep(const Arguments&);
i64 call_clock_nanosleep(const Arguments&);
// calls_file.cpp
i64 call_read(const Arguments&);
i64 call_write(const Arguments&);
i64 call_pread64(const Arguments&);
i64 call_pwrite64(const Arguments&);
i64 call_writev(const Arguments&);
i64 call_lseek(const Arguments&);
i64 call_close(const Arguments&);
i64 call_dup(const Arguments&);
i64 call_dup2(const Arguments&);
i64 call_pipe(const Arguments&);
i64 call_pipe2(const Arguments&);
i64 call_ioctl(const Arguments&);
i64 call_fsync(const Arguments&);
// calls_socket.cpp
i64 call_socket(const Arguments&);
i64 call_bind(const Arguments&);
i64 call_connect(const Arguments&);
i64 call_getsockname(const Arguments&);
i64 call_sendto(const Arguments&);
i64 call_recvfrom(const Arguments&);
i64 call_setsockopt(const Arguments&);
class Socket;
/// ioctl() on a socket: about interfaces.
i64 control_interface(const Arguments&, Socket& socket);
// calls_folder.cpp
i64 call_open(const Arguments&);
i64 call_openat(const Arguments&);
i64 call_stat(const Arguments&);
i64 call_fstat(const Arguments&);
i64 call_newfstatat(const Arguments&);
i64 call_mkdir(const Arguments&);
i64 call_rmdir(const Arguments&);
i64 call_unlink(const Arguments&);
i64 call_chdir(const Arguments&);
i64 call_chroot(const Arguments&);
i64 call_getcwd(const Arguments&);
i64 call_getdents64(const Arguments&);
i64 call_mount(const Arguments&);
i64 call_umount2(const Arguments&);
i64 call_sync(const Arguments&);

}  // namespace hvlab::kernel
