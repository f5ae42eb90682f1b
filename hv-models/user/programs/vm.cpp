// vm: asks /dev/vm for what it must not give, and has a guest of a few instructions use memory that its
// program has taken away.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/library/threads.hpp"
#include "hv-models/user/vmm/door.hpp"

using namespace user;
using namespace vmm;
using hvlab::kernel::VmKept;
using hvlab::kernel::VmKeptKind;
using hvlab::kernel::VmPage;
using hvlab::kernel::VmRun;
using hvlab::kernel::VmWanted;

namespace {

constexpr unsigned kMemory = 4;  // MiB
constexpr size_t kBytes = size_t{kMemory} << 20;
constexpr uint32_t kEntry = 0x1'0000;
constexpr long kBusy = -16, kFault = -14, kInvalid = -22, kBadFile = -9;

unsigned mistakes = 0;

void expect(const char* what, long result, long expected) {
  if (result == expected) return;
  print("vm: %s: %ld and not %ld\n", what, result, expected);
  ++mistakes;
}

int open_vm() { return static_cast<int>(open("/dev/vm", kReadWrite)); }

void ask_for_too_much(long blocks) {
  const int file = open_vm();
  VmRun run = {};
  const VmWanted wanted = {1, kMemory, 0};
  expect("running what is not made", vm_run(file, 0, run), kInvalid);
  expect("another file", vm_make(1, 1, blocks, wanted), kBadFile);
  expect("the kernel's memory", vm_make(file, 1, static_cast<long>(0xffff'8000'0000'0000), wanted), kInvalid);
  expect("no memory", vm_make(file, 1, 0x1234'5000'0000, wanted), kFault);
  expect("more memory than there is", vm_make(file, 1, blocks, {1, kMemory + 2, 0}), kFault);
  expect("memory of single pages", vm_make(file, 1, map_memory(kBytes), wanted), kInvalid);
  expect("no processor", vm_make(file, 1, blocks, {0, kMemory, 0}), kInvalid);
  expect("too many processors", vm_make(file, 1, blocks, {9, kMemory, 0}), kInvalid);
  expect("odd memory", vm_make(file, 1, blocks, {1, 3, 0}), kInvalid);
  expect("a machine", vm_make(file, 1, blocks, wanted), 0);
  expect("another one in its place", vm_make(file, 1, blocks, wanted), kBusy);
  expect("a processor that it does not have", vm_run(file, 1, run), kInvalid);
  expect("a result at no place", call(hvlab::kernel::kVmRun, file, 0, 0x10), kFault);
  expect("a line that it does not have", vm_line(file, 1000, true), 0);
  hvlab::devices::Access last;
  expect("sends of a card that it does not have", vm_take_sends(file, last), 0);
  expect("a doorbell from no place", call(hvlab::kernel::kVmCombine, file, 0x10), kFault);
  expect("a doorbell anywhere", vm_combine(file, {~uint64_t{0}, ~0u}), 0);
  close(file);
}

// What a machine shares with its program, and what that must not name.
void ask_for_what_is_not_there(long blocks) {
  const int file = open_vm();
  VmPage* page = reinterpret_cast<VmPage*>(map_memory(sizeof *page));
  const VmKept kept = {1, 10, 0, 1, {{0x123, VmKeptKind::Take, 0}}};
  expect("sharing without a machine", vm_share(file, page), kInvalid);
  expect("a machine that shares", vm_make(file, 1, blocks, {1, kMemory, 0}), 0);
  expect("registers without a page", vm_keep(file, kept), kInvalid);
  const int tap = static_cast<int>(open("/dev/tap8", kReadWrite));
  expect("frames without a page", vm_listen(file, tap, false), kInvalid);
  expect("a page that begins elsewhere", call(hvlab::kernel::kVmShare, file, to_word(page) + 8), kInvalid);
  expect("the kernel's page", call(hvlab::kernel::kVmShare, file, static_cast<long>(0xffff'8000'0000'0000)),
         kInvalid);
  expect("no page", call(hvlab::kernel::kVmShare, file, 0x1234'5000'0000), kFault);
  expect("a page", vm_share(file, page), 0);
  expect("another page", vm_share(file, page), kBusy);
  expect("registers", vm_keep(file, kept), 0);
  expect("registers at no place", call(hvlab::kernel::kVmKeep, file, 0x10), kFault);
  for (unsigned i = 0; i < 6; ++i) {
    VmKept bad = kept;
    uint32_t* const places[] = {&bad.count,         &bad.pin,
                                &bad.cause,         &bad.mask,
                                &bad.rows[0].index, reinterpret_cast<uint32_t*>(&bad.rows[0].kind)};
    *places[i] = 0x8000'0000;
    expect("registers that there are not", vm_keep(file, bad), kInvalid);
  }
  page->registers[0] = page->registers[1] = ~0u;
  expect("a line that follows any bits", vm_line(file, 10, false), 0);
  expect("and is up", static_cast<long>(page->line), 1);
  expect("frames of no tap", vm_listen(file, file, false), kBadFile);
  expect("frames of no file", vm_listen(file, 60, false), kBadFile);
  expect("frames", vm_listen(file, tap, true), 0);
  expect("frames twice", vm_listen(file, tap, true), kBusy);
  expect("unmapping the page", call(11, to_word(page), sizeof *page), 0);
  expect("a line whose page is gone", vm_line(file, 10, false), 0);
  close(file);
  close(tap);
  expect("the tap again", static_cast<int>(open("/dev/tap8", kReadWrite)) >= 0, 1);
}

// Two machines cannot have one tap; the second may once the first is gone.
void share_a_tap(long blocks) {
  VmPage* page = reinterpret_cast<VmPage*>(map_memory(sizeof *page));
  const int first = open_vm(), second = open_vm(), tap = static_cast<int>(open("/dev/tap7", kReadWrite));
  expect("a first machine", vm_make(first, 1, blocks, {1, kMemory, 0}), 0);
  expect("a second", vm_make(second, 2, blocks, {1, kMemory, 0}), 0);
  expect("a page of two", vm_share(first, page) + vm_share(second, page), 0);
  expect("the tap of the first", vm_listen(first, tap, false), 0);
  expect("and of the second", vm_listen(second, tap, false), kBusy);
  close(first);
  expect("when the first is gone", vm_listen(second, tap, false), 0);
  close(second);
}

// More machines, one after the other, than the processor can tell apart at a time.
void make_many(long blocks) {
  constexpr unsigned kMany = 300;
  for (unsigned i = 0; i < kMany; ++i) {
    const int file = open_vm();
    expect("one of many machines", vm_make(file, 1, blocks, {4, kMemory, 0}), 0);
    close(file);
  }
}

// mov eax, 42; out 80h, al; in al, 81h; out 82h, al; loop: inc dword [20000h]; jmp loop
constexpr uint8_t kCode[] = {0xb8, 42,   0,    0, 0, 0xe6, 0x80, 0xe4, 0x81, 0xe6,
                             0x82, 0xff, 0x05, 0, 0, 2,    0,    0xeb, 0xf8};

int make_guest(uint8_t* memory) {
  memcpy(memory + kEntry, kCode, sizeof kCode);
  const int file = open_vm();
  expect("a guest", vm_make(file, 1, to_word(memory), {1, kMemory, 0}), 0);
  expect("its start", vm_start(file, kEntry, 0), 0);
  return file;
}

void run_for_ever(void* file) {
  VmRun run = {};
  vm_run(*static_cast<int*>(file), 0, run);
}

void check_accesses(int file) {
  VmRun run = {};
  expect("the first access", vm_run(file, 0, run), 0);
  expect("its port", static_cast<long>(run.access.address), 0x80);
  expect("its value", static_cast<long>(run.access.value), 42);
  expect("the second", vm_run(file, 0, run), 0);
  expect("a read", run.access.write, 0);
  run.access.value = 7;
  expect("the third", vm_run(file, 0, run), 0);
  expect("what was read", static_cast<long>(run.access.value), 7);
}

// The guest counts in memory that was this program's: nobody else may get it meanwhile.
void take_memory_away(uint8_t* memory) {
  volatile uint32_t* count = reinterpret_cast<volatile uint32_t*>(memory + 0x2'0000);
  while (*count == 0) sleep_milliseconds(1);
  expect("unmapping", call(11, to_word(memory), kBytes), 0);
  for (unsigned round = 0; round < 4; ++round) {
    const uint32_t* fresh = reinterpret_cast<const uint32_t*>(map_blocks(kBytes));
    for (size_t i = 0; i < kBytes / sizeof *fresh; i += 256) {
      if (fresh[i] != 0) expect("memory that a guest writes to", static_cast<long>(i), -1);
    }
    sleep_milliseconds(1);
    expect("a guest's word in it", fresh[0x2'0000 / 4], 0);
  }
}

}  // namespace

int main() {
  uint8_t* memory = reinterpret_cast<uint8_t*>(map_blocks(kBytes));
  ask_for_too_much(to_word(memory));
  ask_for_what_is_not_there(to_word(memory));
  share_a_tap(to_word(memory));
  make_many(to_word(memory));
  int file = make_guest(memory);
  check_accesses(file);
  start_thread(run_for_ever, &file);
  take_memory_away(memory);
  VmRun run = {};
  expect("a processor that another thread runs", vm_run(file, 0, run), kBusy);
  if (mistakes == 0) print("vm: all well\n");
  return mistakes == 0 ? 0 : 1;  // with the guest still running
}
