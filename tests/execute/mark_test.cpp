// Marks: NOPs that are reported, and do and cost what other NOPs do.
#include "sim/observe/mark.hpp"

#include "shapes.hpp"

namespace hvlab::test {

namespace {

using arch::mark::Kind;
using Bytes = std::vector<u8>;

/// What a run of `code` showed: its marks, and its end.
struct Marked {
  std::vector<observe::Mark> marks;
  u64 cycles = 0, instructions = 0;
  std::vector<u64> rips;
};

Marked run(const Bytes& code, const Shape& shape, bool compatibility = false) {
  Machine m(costly());
  Trace trace;
  m.code->set_limits(shape.limits);
  m.cpu().observer = &trace;
  if (compatibility) {
    m.compatibility_mode();
  } else {
    m.long_mode();
  }
  m.cpu().gpr[arch::kRsi] = 0x1122'3344'5566'7788;
  m.cpu().gpr[arch::kRdx] = 7;
  m.cpu().gpr[arch::kRax] = 0x8000'0000'0000'0000;  // no address: a memory access would be a fault
  m.write(kCode, code);
  while (m.cpu().activity == cpu::Activity::Active)
    run_until(*m.processor, m.processor->cycles() + 100'000, shape);
  Marked result{
      .marks = {}, .cycles = m.processor->cycles(), .instructions = m.processor->instructions(), .rips = {}};
  observe::MarkReader reader;
  for (const observe::Event& event : trace.events) {
    if (const auto mark = reader.read(event)) result.marks.push_back(*mark), result.rips.push_back(event.rip);
  }
  return result;
}

/// mov edi, 5; L: the NOP; dec edi; jnz L; hlt
Bytes loop_around(const Bytes& nop) {
  const auto back = static_cast<u8>(0 - (nop.size() + 4));
  Bytes code(5 + nop.size() + 5);
  const u8 begin[] = {0xBF, 5, 0, 0, 0}, end[] = {0xFF, 0xCF, 0x75, back, 0xF4};
  std::ranges::copy(begin, code.begin());
  std::ranges::copy(nop, code.begin() + 5);
  std::ranges::copy(end, code.end() - 5);
  return code;
}

const Bytes kMark{0x0F, 0x1F, 0x80, 0x10, 0x00, 0x56, 0x48};    // thread-switch
const Bytes kNoMark{0x0F, 0x1F, 0x80, 0x10, 0x00, 0x57, 0x48};  // another displacement
const Shape kUsual{"as usual", {}};

}  // namespace

/// Would catch a mark lost or reported twice, other operands, a moment or a cost that depends on how the
/// engine executes, and a NOP that costs something else for being a mark.
TEST_CASE("A mark is reported once an execution, and costs what a NOP does") {
  const Marked plain = run(loop_around(kNoMark), kUsual), reference = run(loop_around(kMark), kUsual);
  CHECK(plain.marks.empty());
  REQUIRE(reference.marks.size() == 5);
  CHECK(plain.cycles == reference.cycles);
  CHECK(plain.instructions == reference.instructions);
  for (u64 i = 0; i < 5; ++i) {
    const observe::Mark& mark = reference.marks[i];
    CHECK(mark.kind == Kind::ThreadSwitch);
    CHECK(std::string(observe::name(mark.kind)) == "thread-switch");
    CHECK(mark.cpl == 0);
    CHECK(mark.first == 5 - i);
    CHECK(mark.second == 0x1122'3344'5566'7788);
    CHECK(mark.third == 7);
    CHECK(reference.rips[i] == kCode + 5);
  }
  for (const Shape& shape : kShapes) {
    INFO(shape.name);
    const Marked other = run(loop_around(kMark), shape);
    REQUIRE(other.marks.size() == 5);
    CHECK(other.cycles == reference.cycles);
    for (u64 i = 0; i < 5; ++i) {
      CHECK(other.marks[i].time == reference.marks[i].time);
      CHECK(other.marks[i].first == reference.marks[i].first);
    }
  }
}

/// Would catch NOPs of compilers, and other encodings of the same displacement, taken for marks.
TEST_CASE("Only the one encoding is a mark") {
  const Bytes others[] = {
      {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00},        // padding
      {0x0F, 0x1F, 0x84, 0x00, 0x10, 0x00, 0x56, 0x48},  // with an index
      {0x0F, 0x1F, 0x83, 0x10, 0x00, 0x56, 0x48},        // another base
      {0x0F, 0x1F, 0x05, 0x10, 0x00, 0x56, 0x48},        // relative to RIP
      {0x66, 0x0F, 0x1F, 0x80, 0x10, 0x00, 0x56, 0x48},  // 16 bits
      {0x48, 0x0F, 0x1F, 0x80, 0x10, 0x00, 0x56, 0x48},  // 64 bits
      {0x90},
  };
  for (const Bytes& other : others) CHECK(run(loop_around(other), kUsual).marks.empty());
  CHECK(run(loop_around(kMark), kUsual, true).marks.size() == 5);  // 32-bit code has it too
}

/// Would catch numbers that are given names which they do not have.
TEST_CASE("Kinds that mean nothing yet have no name") {
  CHECK(std::string(observe::name(static_cast<Kind>(0x0FFF))) == "unknown");
  CHECK(std::string(observe::name(Kind::User)) == "user");
  CHECK(std::string(observe::name(static_cast<Kind>(0xFFFF))) == "user");
}

}  // namespace hvlab::test
