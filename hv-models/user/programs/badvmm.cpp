// badvmm SEED: a VMM that keeps to nothing. Processes with two threads each make calls of /dev/vm's by chance
// on machines whose memory holds code by chance, unmap it meanwhile, and are ended in the middle.
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/library/threads.hpp"
#include "hv-models/user/vmm/door.hpp"

using namespace user;
using namespace hvlab::kernel;

namespace {

// A thread that runs a virtual processor which nobody starts waits for ever: there are many rounds.
constexpr int kProcesses = 3, kRounds = 6;
constexpr long kFiles = 6, kMilliseconds = 10;
constexpr size_t kBytes = size_t{4} << 20, kCodeBytes = size_t{1} << 17;

// in al, 80h; out 81h, al; mov [400000h], eax; pause; jmp to the beginning
constexpr uint8_t kCode[] = {0xe4, 0x80, 0xe6, 0x81, 0xa3, 0, 0, 0x40, 0, 0xf3, 0x90, 0xeb, 0xf3};
constexpr uint32_t kEntry = 0x1'0000;

struct Worker {
  uint64_t state;
  uint8_t* memory;
};

// Sometimes what it should be, else near it, else anything.
uint64_t some(uint64_t& state, uint64_t right) {
  const uint64_t bits = next_random(state);
  if ((bits & 7) < 5) return right;
  constexpr uint64_t kMasks[] = {0x7, 0xfff, 0xffff'ffff, ~uint64_t{0}};
  return (bits & 7) == 5 ? right + (bits >> 8 & 15) - 8 : next_random(state) & kMasks[bits >> 16 & 3];
}

void call_once(Worker& w) {
  uint64_t data[8];  // of whatever is asked for
  for (uint64_t& word : data) word = next_random(w.state);
  const uint64_t bits = next_random(w.state);
  const long number = kVmMake + static_cast<long>(bits % 7);
  uint64_t second = bits >> 8 & 3, third = static_cast<uint64_t>(to_word(data));
  if (number == kVmMake) {
    const VmWanted wanted = {static_cast<unsigned>(some(w.state, 2)), static_cast<unsigned>(some(w.state, 4)),
                             static_cast<unsigned>(bits >> 12 & 1)};
    memcpy(data, &wanted, sizeof wanted);
    third = static_cast<uint64_t>(to_word(w.memory));
  }
  if (number == kVmStart) second = (bits >> 8 & 3) != 0 ? kEntry : bits >> 8 & (kCodeBytes - 1);
  if (number == kVmCombine) second = static_cast<uint64_t>(to_word(data));
  call(number, static_cast<long>(some(w.state, 3 + bits % kFiles)), static_cast<long>(some(w.state, second)),
       static_cast<long>(some(w.state, third)), static_cast<long>(some(w.state, to_word(data))));
  if ((bits >> 40 & 0xff) == 0) call(11, to_word(w.memory), kBytes);  // munmap
  if ((bits >> 48 & 0x3f) == 0) close(static_cast<int>(3 + bits % kFiles)), open("/dev/vm", kReadWrite);
}

void work(void* worker) {
  Worker& w = *static_cast<Worker*>(worker);
  for (;;) call_once(w);
}

[[noreturn]] void be_bad(uint64_t seed) {
  uint8_t* memory = reinterpret_cast<uint8_t*>(map_blocks(kBytes));
  uint64_t state = seed;
  for (size_t i = 0; i < kCodeBytes; i += 8) {
    const uint64_t bits = next_random(state);
    memcpy(memory + i, &bits, 8);
  }
  memcpy(memory + kEntry, kCode, sizeof kCode);
  for (long i = 0; i < kFiles; ++i) open("/dev/vm", kReadWrite);
  Worker workers[2] = {{next_random(state), memory}, {next_random(state), memory}};
  start_thread(work, &workers[0]);
  work(&workers[1]);
  exit(0);
}

}  // namespace

int main(int count, char** words) {
  uint64_t seed = count > 1 ? static_cast<uint64_t>(parse_number(words[1])) : 1;
  for (int round = 0; round < kRounds; ++round) {
    long ids[kProcesses];
    for (long& id : ids) {
      id = fork();
      if (id == 0) be_bad(next_random(seed));
      next_random(seed);
    }
    sleep_milliseconds(kMilliseconds);
    for (const long id : ids) {
      kill(id, 9);
      wait(id, nullptr);
    }
  }
  print("badvmm: over\n");
  return 0;
}
