// Guest instructions a second of the processor alone, on a few kinds of loop. items_per_second is guest
// instructions.
#include <benchmark/benchmark.h>

#include "machine_code.hpp"

namespace {

using namespace hvlab;

constexpr u64 kCyclesPerIteration = 2'000'000;

/// The default profile's costs with observation on: what a user's run pays.
timing::Profile realistic() {
  timing::Profile p = timing::load_profile("amd-zen2", timing::Accuracy::Approximate);
  return p;
}

struct Count final : observe::Observer {
  u64 events = 0;
  void on_event(const observe::Event&) override { ++events; }
};

/// Runs `code`, which must loop for ever, in 64-bit mode; RDI is `destination`.
void loop(benchmark::State& state, std::initializer_list<u8> code, u64 destination = test::kData + 0x1'0000) {
  test::Machine m(realistic());
  Count observer;
  m.cpu().observer = &observer;
  m.long_mode();
  m.cpu().gpr[arch::kRsi] = test::kData;
  m.cpu().gpr[arch::kRdi] = destination;
  m.write(m.cpu().rip, std::span<const u8>(code.begin(), code.size()));
  u64 executed = 0;
  for (auto _ : state) {
    const u64 before = m.processor->instructions();
    m.processor->run(m.processor->cycles() + kCyclesPerIteration);
    executed += m.processor->instructions() - before;
  }
  state.SetItemsProcessed(static_cast<i64>(executed));
}

// add rax,rbx; inc rbx; xor rdx,rax; dec rcx; jmp
void integer_loop(benchmark::State& s) {
  loop(s, {0x48, 0x01, 0xD8, 0x48, 0xFF, 0xC3, 0x48, 0x31, 0xC2, 0x48, 0xFF, 0xC9, 0xEB, 0xF2});
}
// mov rax,[rsi]; add rax,rbx; mov [rdi],rax; add rax,[rsi+8]; dec rcx; jmp
void memory_loop(benchmark::State& s) {
  loop(s, {0x48, 0x8B, 0x06, 0x48, 0x01, 0xD8, 0x48, 0x89, 0x07, 0x48, 0x03, 0x46, 0x08, 0x48, 0xFF, 0xC9,
           0xEB, 0xEE});
}
// jmp 1f; 0: ret; 1: call 0b; dec rcx; jmp 1b
void call_loop(benchmark::State& s) {
  loop(s, {0xEB, 0x01, 0xC3, 0xE8, 0xFA, 0xFF, 0xFF, 0xFF, 0x48, 0xFF, 0xC9, 0xEB, 0xF6});
}
// movups xmm0,[rsi]; pxor xmm1,xmm0; addps xmm2,xmm1; movups [rdi],xmm2; jmp
void vector_loop(benchmark::State& s) {
  loop(s, {0x0F, 0x10, 0x06, 0x66, 0x0F, 0xEF, 0xC8, 0x0F, 0x58, 0xD1, 0x0F, 0x11, 0x17, 0xEB, 0xF1});
}

// Programs that write code, as translators do.

// mov [rdi],rax; inc rax; jmp: the store goes to another part of the page that it is executed from
void stores_beside_code(benchmark::State& s) {
  loop(s, {0x48, 0x89, 0x07, 0x48, 0xFF, 0xC0, 0xEB, 0xF8}, test::kCode + 0x800);
}
// add [rdi],rax; add rax,[rdi+8]; jmp
void changes_beside_code(benchmark::State& s) {
  loop(s, {0x48, 0x01, 0x07, 0x48, 0x03, 0x47, 0x08, 0xEB, 0xF7}, test::kCode + 0x800);
}
// 0: mov byte [rdi],BBh; mov [rdi+1],eax; mov byte [rdi+5],C3h; call rdi; inc eax; jmp 0b: mov ebx,eax's
// value; ret
constexpr std::initializer_list<u8> kRewrite = {0xC6, 0x07, 0xBB, 0x89, 0x47, 0x01, 0xC6, 0x47,
                                                0x05, 0xC3, 0xFF, 0xD7, 0xFF, 0xC0, 0xEB, 0xF0};
void code_rewritten_in_its_page(benchmark::State& s) { loop(s, kRewrite, test::kCode + 0x800); }
void code_rewritten_elsewhere(benchmark::State& s) { loop(s, kRewrite, test::kData + 0x1'0000); }
// The same, and the next place 64 bytes on in a buffer of 64 KiB:
// 0: mov byte [rdi],BBh; mov [rdi+1],eax; mov byte [rdi+5],C3h; call rdi; inc eax; add di,64; jmp 0b
void code_written_along_a_buffer(benchmark::State& s) {
  loop(s, {0xC6, 0x07, 0xBB, 0x89, 0x47, 0x01, 0xC6, 0x47, 0x05, 0xC3,
           0xFF, 0xD7, 0xFF, 0xC0, 0x66, 0x83, 0xC7, 0x40, 0xEB, 0xEC},
       test::kData + 0x1'0000);
}

}  // namespace

BENCHMARK(integer_loop);
BENCHMARK(memory_loop);
BENCHMARK(call_loop);
BENCHMARK(vector_loop);
BENCHMARK(stores_beside_code);
BENCHMARK(changes_beside_code);
BENCHMARK(code_rewritten_in_its_page);
BENCHMARK(code_rewritten_elsewhere);
BENCHMARK(code_written_along_a_buffer);
