#include "twin.hpp"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <memory>

#include "sim/decode/decoder.hpp"
#include "sim/execute/wrap.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::test {

namespace {

constexpr u64 kStatusBits = 0x8D5;

sigjmp_buf escape;
FxImage at_fault;

void on_fault(int, siginfo_t*, void* context) {
  std::memcpy(static_cast<void*>(&at_fault), static_cast<ucontext_t*>(context)->uc_mcontext.fpregs,
              sizeof at_fault);
  siglongjmp(escape, 1);
}

/// An executable page: the instruction and a return.
u8* place(const Code& code) {
  static u8* const page = static_cast<u8*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::memcpy(page, code.data(), code.size());
  page[code.size()] = 0xC3;
  return page;
}

/// Physical memory is the host's: paging is off, and the instruction is given a host address.
class HostMemory final : public ProcessorBus {
 public:
  u8* ram_page(u64 page_address) override { return reinterpret_cast<u8*>(page_address); }
  u64 mmio_read(u64, unsigned) override { return 0; }
  void mmio_write(u64, unsigned, u64) override {}
  u32 port_read(u16, unsigned) override { return 0; }
  void port_write(u16, unsigned, u32) override {}
};

struct Frame {
  alignas(16) FxImage host, guest;
  u64 rax, rcx, rdx, rdi, flags;
  const u8* code;
};

[[gnu::noinline]] void call(Frame* frame) {
  asm volatile(
      "sub $128, %%rsp\n\t"
      "push %%rbx\n\t"
      "mov %0, %%rbx\n\t"
      "fxsave64 (%%rbx)\n\t"
      "fxrstor64 512(%%rbx)\n\t"
      "mov 1024(%%rbx), %%rax\n\t"
      "mov 1032(%%rbx), %%rcx\n\t"
      "mov 1040(%%rbx), %%rdx\n\t"
      "mov 1048(%%rbx), %%rdi\n\t"
      "push 1056(%%rbx)\n\t"
      "popfq\n\t"
      "call *1064(%%rbx)\n\t"
      "pushfq\n\t"
      "pop 1056(%%rbx)\n\t"
      "mov %%rax, 1024(%%rbx)\n\t"
      "mov %%rcx, 1032(%%rbx)\n\t"
      "mov %%rdx, 1040(%%rbx)\n\t"
      "fxsave64 512(%%rbx)\n\t"
      "fxrstor64 (%%rbx)\n\t"
      "pop %%rbx\n\t"
      "add $128, %%rsp"
      :
      : "r"(frame)
      : "rax", "rcx", "rdx", "rdi", "memory", "cc");
}

}  // namespace

void run_native(const Code& code, Registers& r) {
  struct sigaction action{};  // each time: the test framework puts its own back
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGFPE, &action, nullptr);
  static Frame frame;
  static_assert(offsetof(Frame, rax) == 1024);
  frame.guest = r.fx;
  frame.rax = r.rax;
  frame.rcx = r.rcx;
  frame.rdx = r.rdx;
  frame.rdi = r.rdi;
  frame.flags = (r.status & kStatusBits) | 2;
  frame.code = place(code);
  if (sigsetjmp(escape, 0) == 0) {
    call(&frame);
    r.fx = frame.guest;
    r.rax = frame.rax;
    r.rcx = frame.rcx;
    r.rdx = frame.rdx;
    r.status = frame.flags & kStatusBits;
  } else {
    r.fx = at_fault;
    r.fault = true;
  }
}

void run_ours(const Code& code, Registers& r) {
  using namespace decode;
  static auto cpu = std::make_unique<cpu::Cpu>();
  static auto bank = std::make_unique<cpu::SoftBank>();
  static HostMemory memory;
  cpu->bus = &memory;
  bank->clear();
  for (u64 page = r.rdi & ~u64{0xFFF}; page <= r.rdi + 4096; page += 4096) {
    cpu::SoftEntry& entry = bank->fill(page, 0);
    entry.read_tag = entry.write_tag = page;
  }
  cpu->bank = bank.get();
  cpu->mode = cpu::Mode::Long;
  cpu->cr0 = arch::cr0::kPe | arch::cr0::kNe;
  cpu->cr4 = arch::cr4::kOsfxsr | arch::cr4::kOsxmmexcpt;
  const unsigned top = (r.fx.status >> 11) & 7;
  cpu->x87 = {};
  cpu->x87.control = r.fx.control;
  cpu->x87.status = r.fx.status;
  cpu->x87.valid = r.fx.valid;
  for (unsigned i = 0; i < 8; ++i)
    cpu->x87.reg[(top + i) & 7] = {r.fx.st[i].significand, r.fx.st[i].sign_exponent};
  cpu->mxcsr = r.fx.mxcsr;
  for (unsigned i = 0; i < 16; ++i) cpu->xmm[i] = {{r.fx.xmm[i][0], r.fx.xmm[i][1]}};
  cpu->gpr[arch::kRax] = r.rax;
  cpu->gpr[arch::kRcx] = r.rcx;
  cpu->gpr[arch::kRdx] = r.rdx;
  cpu->gpr[arch::kRdi] = r.rdi;
  cpu->flags.set_status(r.status);

  Form form;
  Op op;
  Handlers handlers;
  if (decode::decode(code.data(), code.size(), 8, 8, form, op) != Decoded::Ok ||
      !find_row(form, op, handlers)) {
    std::fprintf(stderr, "no such instruction: %s\n", hex(code).c_str());
    std::abort();
  }
  r.fault = handlers.returning(*cpu, op) == Outcome::Fault;

  const cpu::X87& x87 = cpu->x87;
  r.fx.control = x87.control;
  r.fx.status = x87.status;
  r.fx.valid = x87.valid;
  for (unsigned i = 0; i < 8; ++i) r.fx.st[i] = {x87.st(i).significand, x87.st(i).sign_exponent};
  r.fx.mxcsr = cpu->mxcsr;
  for (unsigned i = 0; i < 16; ++i) std::memcpy(r.fx.xmm[i], cpu->xmm[i].q, 16);
  r.rax = cpu->gpr[arch::kRax];
  r.rcx = cpu->gpr[arch::kRcx];
  r.rdx = cpu->gpr[arch::kRdx];
  r.status = cpu->flags.status();
}

std::string differences(const Registers& native, const Registers& ours) {
  std::string text;
  const auto compare = [&](const char* what, unsigned n, u64 a, u64 b) {
    if (a == b) return;
    char line[128];
    std::snprintf(line, sizeof line, "%s%u: host %016lx, ours %016lx\n", what, n, a, b);
    text += line;
  };
  compare("fault", 0, native.fault, ours.fault);
  compare("fcw", 0, native.fx.control, ours.fx.control);
  compare("fsw", 0, native.fx.status, ours.fx.status);
  compare("tags", 0, native.fx.valid, ours.fx.valid);
  compare("mxcsr", 0, native.fx.mxcsr, ours.fx.mxcsr);
  for (unsigned i = 0; i < 8; ++i) {
    compare("st significand", i, native.fx.st[i].significand, ours.fx.st[i].significand);
    compare("st exponent", i, native.fx.st[i].sign_exponent, ours.fx.st[i].sign_exponent);
  }
  for (unsigned i = 0; i < 16; ++i) {
    compare("xmm low", i, native.fx.xmm[i][0], ours.fx.xmm[i][0]);
    compare("xmm high", i, native.fx.xmm[i][1], ours.fx.xmm[i][1]);
  }
  compare("rax", 0, native.rax, ours.rax);
  compare("rcx", 0, native.rcx, ours.rcx);
  compare("rdx", 0, native.rdx, ours.rdx);
  compare("flags", 0, native.status, ours.status);
  for (unsigned i = 0; i < sizeof native.memory; ++i) compare("memory", i, native.memory[i], ours.memory[i]);
  return text;
}

std::string hex(const Code& code) {
  std::string text;
  for (const u8 byte : code) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x ", byte);
    text += digits;
  }
  return text;
}

bool host_has(const char* feature) {
  __builtin_cpu_init();
  const std::string name = feature;
  if (name == "ssse3") return __builtin_cpu_supports("ssse3") != 0;
  if (name == "sse4.1") return __builtin_cpu_supports("sse4.1") != 0;
  if (name == "sse4.2") return __builtin_cpu_supports("sse4.2") != 0;
  if (name == "sse3") return __builtin_cpu_supports("sse3") != 0;
  return true;
}

u32 Random::single_bits() {
  static constexpr u32 kSpecial[] = {
      0,           0x8000'0000, 0x3F80'0000, 0xBF80'0000, 0x7F80'0000, 0xFF80'0000, 0x7FC0'0001, 0xFFC1'2345,
      0x7F80'0001, 0xFF81'0000, 1,           0x8000'0001, 0x007F'FFFF, 0x0080'0000, 0x807F'FFFF, 0x7F7F'FFFF,
      0xFF7F'FFFF, 0x3F00'0000, 0x3FC0'0000, 0x4F00'0000, 0xCF00'0000, 0x4EFF'FFFF, 0x5F00'0000, 0x4B00'0001};
  switch (below(4)) {
    case 0: return kSpecial[below(std::size(kSpecial))];
    case 1: return static_cast<u32>(next());
    case 2: return static_cast<u32>((next() & 0x807F'FFFF) | ((118 + below(20)) << 23));
    default: {
      const float value = static_cast<float>(static_cast<i64>(below(4096)) - 2048) / 4;
      u32 bits;
      std::memcpy(&bits, &value, sizeof bits);
      return bits;
    }
  }
}

u64 Random::double_bits() {
  static constexpr u64 kSpecial[] = {0,
                                     0x8000'0000'0000'0000,
                                     0x3FF0'0000'0000'0000,
                                     0xBFF0'0000'0000'0000,
                                     0x7FF0'0000'0000'0000,
                                     0xFFF0'0000'0000'0000,
                                     0x7FF8'0000'0000'0001,
                                     0xFFF9'2345'0000'0000,
                                     0x7FF0'0000'0000'0001,
                                     0xFFF0'1000'0000'0000,
                                     1,
                                     0x8000'0000'0000'0001,
                                     0x000F'FFFF'FFFF'FFFF,
                                     0x0010'0000'0000'0000,
                                     0x800F'FFFF'FFFF'FFFF,
                                     0x7FEF'FFFF'FFFF'FFFF,
                                     0xFFEF'FFFF'FFFF'FFFF,
                                     0x3FE0'0000'0000'0000,
                                     0x3FF8'0000'0000'0000,
                                     0x41E0'0000'0000'0000,
                                     0xC1E0'0000'0000'0000,
                                     0x43E0'0000'0000'0000,
                                     0x41DF'FFFF'FFE0'0000,
                                     0x47EF'FFFF'F000'0000,
                                     0x3690'0000'0000'0000,
                                     0x380F'FFFF'FFFF'FFFF};
  switch (below(5)) {
    case 0: return kSpecial[below(std::size(kSpecial))];
    case 1: return next();
    case 2: return (next() & 0x800F'FFFF'FFFF'FFFF) | ((1013 + below(24)) << 52);
    case 3: return (next() & 0x800F'FFFF'E000'0000) | ((890 + below(270)) << 52);
    default: {
      const double value = static_cast<double>(static_cast<i64>(below(4096)) - 2048) / 4;
      u64 bits;
      std::memcpy(&bits, &value, sizeof bits);
      return bits;
    }
  }
}

}  // namespace hvlab::test
