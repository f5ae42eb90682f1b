// The child raises one breakpoint. From then on its signal handler is the loop: it takes down the state that
// the kernel saved when the case ended (INT3, fault or single step), writes the next case's state into the
// same frame, and returns into it. The frame holds every register, so that no case can disturb the loop.
//
// Cases run with FS and GS based in the data pages: what the handler calls must not use thread-local storage,
// hence no stack protector here and system calls by hand.
#include "host.hpp"

#include "sim/arch/registers.hpp"

#if defined(__x86_64__) && defined(__linux__)

#include <asm/prctl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hvlab::oracle {

struct Host::Mailbox {
  Case cases[kBatch];
  Result results[kBatch];
  alignas(4096) u8 data[kDataBytes], constants[kPage];
  volatile u64 count, current, signals;
};

namespace {

/// NT, AC and ID: the kernel leaves them as the case left them, in its handlers and through a return from
/// one.
constexpr u64 kSticky = 0x244000;
constexpr int kRegister[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
u8* code_window;  // the code pages, writable
u8* data_pages;   // kData
bool started;
u64 signals_seen;

long system_call(long number, long a, long b, long c) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

struct Box {
  Case* cases;
  Result* results;
  const u8* data;
  volatile u64 *count, *current, *signals;
};
Box box;

u64 segment_base(int code) {
  u64 base = 0;
  system_call(SYS_arch_prctl, code, reinterpret_cast<long>(&base), 0);
  return base;
}

/// Takes down the segment registers and puts back what a case has changed. Neither the kernel nor this
/// handler minds what DS, ES, FS and GS are.
void take_segments(const greg_t* g, Registers& out) {
  const u64 saved = static_cast<u64>(g[REG_CSGSFS]);
  u16* s = out.selector;
  s[arch::kCs] = static_cast<u16>(saved);
  s[arch::kSs] = static_cast<u16>(saved >> 48);
  asm volatile("mov %%es, %0; mov %%ds, %1; mov %%fs, %2; mov %%gs, %3"
               : "=r"(s[arch::kEs]), "=r"(s[arch::kDs]), "=r"(s[arch::kFs]), "=r"(s[arch::kGs]));
  out.fs_base = segment_base(ARCH_GET_FS);
  out.gs_base = segment_base(ARCH_GET_GS);
  if (s[arch::kDs] != kUserData || s[arch::kEs] != kUserData)
    asm volatile("mov %0, %%ds; mov %0, %%es" ::"r"(static_cast<u32>(kUserData)));
  // Setting a base makes the selector null.
  if (out.fs_base != kFsBase || s[arch::kFs] != 0) system_call(SYS_arch_prctl, ARCH_SET_FS, kFsBase, 0);
  if (out.gs_base != kGsBase || s[arch::kGs] != 0) system_call(SYS_arch_prctl, ARCH_SET_GS, kGsBase, 0);
}

void take_down(int signal, ucontext_t* context) {
  const u64 n = *box.current;
  Result& r = box.results[n];
  const greg_t* g = context->uc_mcontext.gregs;
  for (unsigned i = 0; i < 16; ++i) r.out.gpr[i] = static_cast<u64>(g[kRegister[i]]);
  r.out.rip = static_cast<u64>(g[REG_RIP]);
  r.out.rflags = static_cast<u64>(g[REG_EFL]);
  std::memcpy(static_cast<void*>(&r.out.fx), context->uc_mcontext.fpregs, sizeof r.out.fx);
  take_segments(g, r.out);
  r.vector = static_cast<u8>(g[REG_TRAPNO]);
  r.error = static_cast<u32>(g[REG_ERR]);
  r.address = r.vector == 14 ? static_cast<u64>(g[REG_CR2]) : 0;
  find_change(data_pages, box.data, r.memory);
  if (r.memory.last != 0)
    std::memcpy(data_pages + r.memory.first, box.data + r.memory.first, r.memory.last - r.memory.first);
  const Case& c = box.cases[n];
  std::memset(code_window + (c.in.rip - kCode), 0xCC, c.length);
  r.status = signal == SIGALRM ? Status::TimedOut : Status::Done;
  *box.current = n + 1;
}

void set_up(ucontext_t* context) {
  const Case& c = box.cases[*box.current];
  greg_t* g = context->uc_mcontext.gregs;
  for (unsigned i = 0; i < 16; ++i) g[kRegister[i]] = static_cast<greg_t>(c.in.gpr[i]);
  g[REG_RIP] = static_cast<greg_t>(c.in.rip);
  g[REG_EFL] = static_cast<greg_t>(c.in.rflags);
  const u64 selectors = (c.code_bytes == 8 ? u64{kUserCode64} : u64{kUserCode32}) | u64{kUserData} << 48;
  g[REG_CSGSFS] = static_cast<greg_t>(selectors);
  std::memcpy(context->uc_mcontext.fpregs, &c.in.fx, sizeof c.in.fx - sizeof c.in.fx.rest);
  // The frame's XSAVE header says which components it holds (SDM vol. 1, 13.4.2): x87 and SSE are ours.
  u64* header = reinterpret_cast<u64*>(reinterpret_cast<u8*>(context->uc_mcontext.fpregs) + 512);
  *header |= 3;
  std::memcpy(code_window + (c.in.rip - kCode), c.code, c.length);
}

void on_signal(int signal, siginfo_t*, void* argument) {
  asm volatile("pushfq; andq %0, (%%rsp); popfq" ::"i"(static_cast<int>(~kSticky)) : "cc", "memory");
  auto* context = static_cast<ucontext_t*>(argument);
  if (signal == SIGALRM && *box.signals != signals_seen) {  // cases have ended since the last period
    signals_seen = *box.signals;
    return;
  }
  if (started) take_down(signal, context);
  started = true;
  *box.signals = *box.signals + 1;
  if (*box.current >= *box.count) system_call(SYS_exit_group, 0, 0, 0);
  set_up(context);
}

void* map_at(u64 address, size_t bytes, int protection, int flags, int file, long offset) {
  return mmap(reinterpret_cast<void*>(address), bytes, protection, flags | MAP_FIXED_NOREPLACE, file, offset);
}

void catch_signals() {
  static u8 stack[256 * 1024];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (int s : {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM}) sigaction(s, &action, nullptr);
}

/// A period in which no case ended is taken for a case that does not end.
void watch_time() {
  itimerval timer{};
  timer.it_value.tv_usec = timer.it_interval.tv_usec = 300'000;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

[[noreturn]] void child() {
  // Ctrl-C is the parent's affair. A child that spins where no signal reaches it is killed by the kernel.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const rlimit seconds{30, 30};
  setrlimit(RLIMIT_CPU, &seconds);
  catch_signals();
  watch_time();
  std::memset(code_window, 0xCC, kCodeBytes);
  std::memcpy(data_pages, box.data, kDataBytes);
  system_call(SYS_arch_prctl, ARCH_SET_GS, kGsBase, 0);
  system_call(SYS_arch_prctl, ARCH_SET_FS, kFsBase, 0);
  asm volatile(
      "mov %0, %%ds\n\t"
      "mov %0, %%es\n\t"
      "int3" ::"r"(static_cast<u32>(kUserData))
      : "memory");
  system_call(SYS_exit_group, 1, 0, 0);
  __builtin_unreachable();
}

bool map_windows(const char*& why) {
  static bool tried = false, ok = false;
  static const char* reason = nullptr;
  if (!tried) {
    tried = true;
    const int file = memfd_create("hvlab-oracle", 0);
    ok = file >= 0 && ftruncate(file, kCodeBytes) == 0;
    if (ok) {
      ok = map_at(kCode, kCodeBytes, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0) ==
           reinterpret_cast<void*>(kCode);
      void* window = mmap(nullptr, kCodeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      void* data = map_at(kData, kDataBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      void* fixed = map_at(kReadOnly, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      ok = ok && window != MAP_FAILED && data == reinterpret_cast<void*>(kData) &&
           fixed == reinterpret_cast<void*>(kReadOnly);
      code_window = static_cast<u8*>(window);
      data_pages = static_cast<u8*>(data);
    }
    if (!ok) reason = "the fixed low addresses cannot be mapped in this process";
  }
  why = reason;
  return ok;
}

/// True if the kernel's 32-bit code segment for programs is there (LAR finds it): without IA-32 emulation
/// there is none, and neither 32-bit code nor questions about that selector can be compared.
bool has_code32() {
  u8 found = 0;
  asm volatile("lar %1, %%ecx; setz %0" : "=q"(found) : "r"(static_cast<u32>(kUserCode32)) : "ecx", "cc");
  return found != 0;
}

}  // namespace

bool host_available(const char*& why) {
  if (!has_code32()) {
    why = "the host's kernel has no 32-bit code segment (it runs without IA-32 emulation)";
    return false;
  }
  return map_windows(why);
}

Host::Host() {
  box_ = static_cast<Mailbox*>(
      mmap(nullptr, sizeof(Mailbox), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  box = {box_->cases, box_->results, box_->data, &box_->count, &box_->current, &box_->signals};
}
Host::~Host() { munmap(box_, sizeof(Mailbox)); }

void Host::run(std::span<const Case> cases, const u8* data, const u8* constants, std::span<Result> results) {
  std::memcpy(static_cast<void*>(box_->cases), cases.data(), cases.size_bytes());
  for (size_t i = 0; i < cases.size(); ++i) box_->results[i].status = Status::NotRun;
  std::memcpy(box_->data, data, kDataBytes);
  mprotect(reinterpret_cast<void*>(kReadOnly), kPage, PROT_READ | PROT_WRITE);
  std::memcpy(reinterpret_cast<void*>(kReadOnly), constants, kPage);
  mprotect(reinterpret_cast<void*>(kReadOnly), kPage, PROT_READ);
  box_->count = cases.size();
  box_->current = 0;
  while (box_->current < cases.size()) {
    const pid_t pid = fork();
    if (pid == 0) child();
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (box_->current >= cases.size()) break;
    box_->results[box_->current].status = Status::Lost;
    box_->current = box_->current + 1;
    ++lost_;
  }
  std::memcpy(static_cast<void*>(results.data()), box_->results, cases.size() * sizeof(Result));
}

}  // namespace hvlab::oracle

#else

namespace hvlab::oracle {
struct Host::Mailbox {};
bool host_available(const char*& why) {
  why = "the host is not x86-64 Linux";
  return false;
}
Host::Host() = default;
Host::~Host() = default;
void Host::run(std::span<const Case>, const u8*, const u8*, std::span<Result>) {}
}  // namespace hvlab::oracle

#endif
