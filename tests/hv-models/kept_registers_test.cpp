// Registers that the kernel answers for a hosted VMM: that a guest cannot tell, and that no interrupt is lost
// between the two who have them.
#include "hv-models/kernel/kept_registers.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "devices/test_board.hpp"
#include "hv-models/user/vmm/kept.hpp"

using namespace hvlab;
using namespace hvlab::test;
using kernel::VmKept;
using kernel::VmKeptKind;
using kernel::VmPage;

namespace {

constexpr u64 kCard = 0xe010'0000;
constexpr unsigned kPin = devices::Board::kNetworkPin;

devices::BoardConfiguration with_card() {
  devices::BoardConfiguration c = {};
  c.e1000 = true;
  return c;
}

// A card, alone or with a kernel before it.
struct Card : TestBoard {
  explicit Card(bool keeps) : TestBoard(with_card()), kept(vmm::kept_registers(keeps ? kCard : 0)) {
    if (keeps) board().e1000().place_registers(*new (page.registers) devices::E1000::Registers);
    set_config(3, 0, 4, 7, 2);
    write(0x2800, 0x4000);
    write(0x2808, 8 * 16);
    for (u32 i = 0; i < 8; ++i) put<u64>(0x4000 + 16 * i, 0x1'0000 + 2048 * i);
    write(0x100, 1 << 1 | 1 << 15 | 1 << 26);  // on, broadcasts
    write(0x400, 1 << 1);
  }
  u32 read(u32 offset, unsigned bytes = 4) {
    return ask({Space::Memory, false, static_cast<u8>(bytes), kCard + offset});
  }
  void write(u32 offset, u32 value) { ask({Space::Memory, true, 4, kCard + offset, value}); }
  bool receive() {
    const std::vector<u8> frame(60, 0xff);
    const bool taken = board().receive(frame.data(), 60);
    settle();
    return taken;
  }
  bool line() const { return kept.count > 0 ? page.line != 0 : level[kPin]; }

  VmPage page = {};
  VmKept kept;
  unsigned answered = 0;

 private:
  u32 ask(Access access) {
    const kernel::Answer answer = kernel::answer_access(page, kept, access);
    answered += answer.done;
    if (!answer.done) board().access(access);
    if (answer.moves_line || !answer.done) settle();
    return static_cast<u32>(access.value & ((u64{1} << 8 * access.bytes) - 1));
  }
  void settle() {
    if (kept.count > 0) kernel::follow_line(page, kept);
  }
};

}  // namespace

// Would catch: a kind that reads or writes otherwise than the card, a word that is not the model's, a line
// that is not followed, an access of another width that is answered.
TEST_CASE("a guest cannot tell whether the kernel or the model answers") {
  Card alone(false), kept(true);
  std::mt19937 random(7);
  constexpr u32 kOffsets[] = {0xc0, 0xc8, 0xd0, 0xd8, 0x2818, 0x2810, 0x0008};
  for (unsigned i = 0; i < 20'000; ++i) {
    const u32 offset = kOffsets[random() % std::size(kOffsets)], value = random() & 0xff;
    CAPTURE(i, offset, value);
    switch (random() % 4) {
      case 0:
        alone.write(offset, value);
        kept.write(offset, value);
        break;
      case 1: REQUIRE(alone.read(offset) == kept.read(offset)); break;
      case 2: REQUIRE(alone.read(offset, 1) == kept.read(offset, 1)); break;
      default: REQUIRE(alone.receive() == kept.receive());
    }
    REQUIRE(alone.line() == kept.line());
  }
  CHECK(alone.answered == 0);
  CHECK(kept.answered > 2000);
}

// Would catch: a write that the program waits for and does not hear of, or hears of without having asked.
TEST_CASE("a register that is watched is answered, and told of when it is written") {
  Card card(true);
  Access write{Space::Memory, true, 4, kCard + devices::E1000::kReceiveTail, 5};
  CHECK_FALSE(kernel::answer_access(card.page, card.kept, write).watched);
  card.page.watched = 1u << vmm::kKeptReceiveTail;
  const kernel::Answer answer = kernel::answer_access(card.page, card.kept, write);
  CHECK(answer.done);
  CHECK(answer.watched);
  write.write = false;
  CHECK_FALSE(kernel::answer_access(card.page, card.kept, write).watched);
  Access other{Space::Memory, true, 4, kCard + devices::E1000::kMaskSet, 5};
  CHECK_FALSE(kernel::answer_access(card.page, card.kept, other).watched);
}

// Would catch: a program that has the kernel read or write beside the page.
TEST_CASE("what there is not cannot be kept") {
  const VmKept good = vmm::kept_registers(kCard);
  REQUIRE(kernel::is_well(good));
  REQUIRE(kernel::is_well({}));
  const std::function<void(VmKept&)> mistakes[] = {
      [](VmKept& k) { k.count = VmKept::kMost + 1; },
      [](VmKept& k) { k.count = ~0u; },
      [](VmKept& k) { k.pin = 24; },
      [](VmKept& k) { k.cause = VmPage::kRegisters; },
      [](VmKept& k) { k.mask = ~0u; },
      [](VmKept& k) { k.rows[0].index = VmPage::kRegisters; },
      [](VmKept& k) { k.rows[3].index = ~0u; },
      [](VmKept& k) { k.rows[1].kind = VmKeptKind::kCount; },
      [](VmKept& k) { k.rows[2].kind = static_cast<VmKeptKind>(~0u); }};
  for (const auto& spoil : mistakes) {
    VmKept bad = good;
    spoil(bad);
    CHECK_FALSE(kernel::is_well(bad));
  }
}

// Would catch: an interrupt that is lost because the program has seen the line up while the kernel was
// letting it down: then the two wait for each other until ctest ends them. Or a cause that can be taken
// twice: the program finds it where it puts the next one.
TEST_CASE("no interrupt is lost between the program and the kernel") {
  constexpr unsigned kRounds = 5000;
  VmPage page = {};
  const VmKept kept = vmm::kept_registers(kCard);
  page.registers[vmm::kKeptMask] = 0xff;
  std::mutex machine;  // the kernel's lock
  std::atomic<unsigned> seen = 0;
  unsigned left = 0;  // the program's
  std::thread program([&] {
    for (unsigned i = 0; i < kRounds; ++i) {
      while (seen < i) {  // one at a time: the next could hide that this one was lost
      }
      left += __atomic_fetch_or(&page.registers[vmm::kKeptCause], 1u, __ATOMIC_SEQ_CST);
      if (__atomic_load_n(&page.line, __ATOMIC_SEQ_CST) != 0) continue;
      const std::lock_guard hold(machine);
      kernel::follow_line(page, kept);
    }
  });
  // A guest that reads the cause when it is interrupted. The program goes on with the next one at a moment
  // that moves over the whole of what the kernel does about the line.
  for (unsigned delay = 0; seen < kRounds;) {
    if (__atomic_load_n(&page.line, __ATOMIC_SEQ_CST) == 0) continue;
    Access read{Space::Memory, false, 4, kCard + devices::E1000::kCauseRead, 0};
    const std::lock_guard hold(machine);
    kernel::answer_access(page, kept, read);
    if (read.value != 0) ++seen;
    for (unsigned wait = delay++ % 256; wait > 0; --wait) static_cast<void>(seen.load());
    kernel::follow_line(page, kept);
  }
  program.join();
  CHECK(seen == kRounds);
  CHECK(left == 0);
  CHECK(page.registers[vmm::kKeptCause] == 0);
}
