// Code in a guest, with and without a second stage of paging, against the same code on the bare processor:
// instructions a second of each, and how many times slower the guest is. Ends with status 1 if plain code is
// slower by more than 10 %. One program a vendor:
//   bench_guest_svm, bench_guest_vmx [GOOGLE BENCHMARK OPTION...]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bench/guest_bench.hpp"

namespace {

using namespace hvlab;
using namespace hvlab::bench;

constexpr u64 kCyclesPerIteration = 2'000'000;
constexpr u64 kPages = 1536;  // of data: more than the soft TLB and the simulated one hold
constexpr u64 kCodePages = 512;

struct Count final : observe::Observer {
  u64 events = 0;
  void on_event(const observe::Event&) override { ++events; }
};

/// Plain code must run as fast in a guest as outside. Walking code is held up by page walks, which read more
/// tables in a guest. GuestOnly: there is no such code outside.
enum class Kind : u8 { Plain, Walking, GuestOnly };

/// A loop for ever, at kLoop.
struct Loop {
  const char* name;
  Kind kind;
  Bytes code;
};

/// "guest/integer": the benchmark's name.
std::string name_of(World world, const Loop& loop) {
  constexpr const char* kNames[] = {"bare/", "guest/", "direct/"};
  return std::string(kNames[static_cast<size_t>(world)]) + loop.name;
}

const std::vector<Loop>& loops() {
  static const std::vector<Loop> kLoops = {
      // add rax,rbx; inc rbx; xor rdx,rax; dec rcx; jmp
      {"integer",
       Kind::Plain,
       {0x48, 0x01, 0xD8, 0x48, 0xFF, 0xC3, 0x48, 0x31, 0xC2, 0x48, 0xFF, 0xC9, 0xEB, 0xF2}},
      // mov rax,[rsi]; add rax,rbx; mov [rdi],rax; add rax,[rsi+8]; dec rcx; jmp
      {"memory",
       Kind::Plain,
       {0x48, 0x8B, 0x06, 0x48, 0x01, 0xD8, 0x48, 0x89, 0x07, 0x48, 0x03, 0x46, 0x08, 0x48, 0xFF, 0xC9, 0xEB,
        0xEE}},
      // jmp 1f; 0: ret; 1: call 0b; dec rcx; jmp 1b
      {"calls", Kind::Plain, {0xEB, 0x01, 0xC3, 0xE8, 0xFA, 0xFF, 0xFF, 0xFF, 0x48, 0xFF, 0xC9, 0xEB, 0xF6}},
      // movups xmm0,[rsi]; pxor xmm1,xmm0; addps xmm2,xmm1; movups [rdi],xmm2; jmp
      {"vector",
       Kind::Plain,
       {0x0F, 0x10, 0x06, 0x66, 0x0F, 0xEF, 0xC8, 0x0F, 0x58, 0xD1, 0x0F, 0x11, 0x17, 0xEB, 0xF1}},
      // 0: pushf; popf; pause; dec rcx; jmp 0b
      {"flags", Kind::Plain, {0x9C, 0x9D, 0xF3, 0x90, 0x48, 0xFF, 0xC9, 0xEB, 0xF7}},
      // mov ecx,512; mov rsi,r8; mov rdi,r9; rep movsq; jmp
      {"copies",
       Kind::Plain,
       {0xB9, 0x00, 0x02, 0x00, 0x00, 0x4C, 0x89, 0xC6, 0x4C, 0x89, 0xCF, 0xF3, 0x48, 0xA5, 0xEB, 0xF0}},
      // 0: rdtsc; dec rbx; jmp 0b: an instruction outside blocks
      {"single steps", Kind::Plain, {0x0F, 0x31, 0x48, 0xFF, 0xCB, 0xEB, 0xF9}},
      // mov ebx,kPages; mov rsi,r8; 0: add rax,[rsi]; add rsi,4096; dec ebx; jnz 0b; jmp
      {"data in many pages", Kind::Walking, {0xBB, kPages & 0xFF, kPages >> 8, 0x00, 0x00, 0x4C, 0x89, 0xC6,
                                             0x48, 0x03,          0x06,        0x48, 0x81, 0xC6, 0x00, 0x10,
                                             0x00, 0x00,          0xFF,        0xCB, 0x75, 0xF2, 0xEB, 0xE8}},
      {"code in many pages", Kind::Walking, {}},
      // 0: mov cr3,r10; add rax,[r8]; add rax,[r9]; mov cr3,r11; add rax,[r8]; add rax,[r9]; jmp 0b
      {"address spaces", Kind::Walking, {0x41, 0x0F, 0x22, 0xDA, 0x49, 0x03, 0x00, 0x49, 0x03, 0x01, 0x41,
                                         0x0F, 0x22, 0xDB, 0x49, 0x03, 0x00, 0x49, 0x03, 0x01, 0xEB, 0xEA}},
      // 0: mov rsi,r8; invlpg [rsi]; add rax,[rsi]; jmp 0b
      {"single pages dropped",
       Kind::Walking,
       {0x4C, 0x89, 0xC6, 0x0F, 0x01, 0x3E, 0x48, 0x03, 0x06, 0xEB, 0xF5}},
      {"exits and entries", Kind::GuestOnly, kVendor.hypercall_loop},
  };
  return kLoops;
}

void place(test::Machine& m, const Loop& loop) {
  if (!loop.code.empty()) return m.write(kLoop, loop.code);
  for (u64 i = 0; i < kCodePages; ++i) {  // in each page: add rax,rbx; jmp to the next page
    const u64 at = kLoop + i * 4096;
    const u64 target = i + 1 == kCodePages ? kLoop : at + 4096;
    m.write(at, Bytes{0x48, 0x01, 0xD8, 0xE9});
    m.poke<u32>(at + 4, static_cast<u32>(target - (at + 8)));
  }
}

/// Instructions a second of `loop` as items_per_second; with the default profile's costs and observation on:
/// what a user's run pays.
void measure(benchmark::State& state, const Loop& loop, World world) {
  constexpr u64 kOtherTables = 0x7'F000, kData = 0x20'0000;
  const auto machine = kVendor.machine(timing::load_profile(kVendor.profile, timing::Accuracy::Approximate));
  test::Machine& m = *machine;
  Count observer;
  cpu::Cpu& c = m.cpu();
  c.observer = &observer;
  m.poke<u64>(kOtherTables, m.peek<u64>(test::kTables));  // a second address space
  c.gpr[arch::kRsi] = c.gpr[8] = kData;
  c.gpr[arch::kRdi] = c.gpr[9] = kData + 0x1'0000;
  c.gpr[10] = test::kTables;
  c.gpr[11] = kOtherTables;
  c.rip = kLoop;
  place(m, loop);
  if (world != World::Bare) kVendor.become_host(m, world);
  u64 executed = 0;
  for (auto _ : state) {
    const u64 before = m.processor->instructions();
    m.processor->run(m.processor->cycles() + kCyclesPerIteration);
    executed += m.processor->instructions() - before;
  }
  const bool right =
      loop.kind == Kind::GuestOnly ? observer.events != 0 : (c.guest != nullptr) == (world != World::Bare);
  if (!right) state.SkipWithError("not in its world");
  state.SetItemsProcessed(static_cast<i64>(executed));
}

/// Keeps the best speed of each benchmark.
class Best final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto speed = run.counters.find("items_per_second");
      if (run.run_type != Run::RT_Iteration || speed == run.counters.end()) continue;
      double& best = speed_[run.run_name.function_name];
      best = std::max(best, speed->second.value);
    }
  }
  double of(const std::string& name) { return speed_[name]; }

 private:
  std::map<std::string, double> speed_;
};

/// How many times slower than bare code, marked if it is plain code and more than 10 %; true then.
bool print_ratio(const Loop& loop, double bare, double guest) {
  if (bare == 0 || guest == 0) return std::printf("%12s", "") < 0;
  const bool late = loop.kind == Kind::Plain && bare > 1.1 * guest;
  std::printf(" %10.2f%c", bare / guest, late ? '!' : ' ');
  return late;
}

/// Prints a line a loop; the number of plain ones that are slower in a guest by more than 10 %.
int print(Best& best) {
  int slow = 0;
  std::printf(
      "million instructions a second; bare/guest: '!' where plain code is slower by more than 10 %%\n");
  const std::string ratio = std::string("bare/") + kVendor.two_stage;
  std::printf("%-22s %9s %9s %9s %11s %12s\n", "", "bare", kVendor.two_stage, "direct", ratio.c_str(),
              "bare/direct");
  for (const Loop& loop : loops()) {
    double speed[std::size(kWorlds)];
    for (const World world : kWorlds) speed[static_cast<size_t>(world)] = best.of(name_of(world, loop));
    if (speed[1] == 0) continue;  // filtered out
    std::printf("%-22s %9.1f %9.1f %9.1f", loop.name, speed[0] / 1e6, speed[1] / 1e6, speed[2] / 1e6);
    slow += print_ratio(loop, speed[0], speed[1]);
    slow += print_ratio(loop, speed[0], speed[2]);
    std::printf("\n");
  }
  return slow;
}

}  // namespace

int main(int argc, char** argv) {
  // The worlds take turns, so that what else the host does meets all.
  std::vector<char*> arguments(argv, argv + argc);
  std::string turns = "--benchmark_enable_random_interleaving", times = "--benchmark_repetitions=7",
              each = "--benchmark_min_time=0.1";
  for (std::string* option : {&turns, &times, &each}) arguments.insert(arguments.begin() + 1, option->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  for (const Loop& loop : loops())
    for (const World world : kWorlds)
      if (loop.kind != Kind::GuestOnly || world != World::Bare)
        benchmark::RegisterBenchmark(name_of(world, loop).c_str(), measure, loop, world);
  Best best;
  benchmark::RunSpecifiedBenchmarks(&best);
  return print(best) == 0 ? 0 : 1;
}
