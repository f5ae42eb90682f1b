// What is simulated of guests does not depend on the engine's own shapes (shapes.hpp) either: random programs
// under a hypervisor with nested and with shadow paging, on one processor and on two that share code.
#include "random_program.hpp"
#include "shapes.hpp"
#include "test_hypervisor.hpp"

namespace hvlab::test {

namespace {

using arch::svm::Exit;

constexpr u64 kHypervisor = 0x70'0000, kHypervisorStack = 0x21'0000, kTurn = 5003;

timing::Profile costly_amd() {
  timing::Profile p = costly(amd_everything());
  p.vm_entry = 211;
  p.vm_exit = 307;
  return p;
}

/// Four levels for all RAM at `plan.tables`, the last one empty if `present` is false.
void build_tables(Machine& m, const HypervisorPlan& plan, bool present) {
  m.poke<u64>(plan.tables, (plan.tables + 0x1000) | 7);
  m.poke<u64>(plan.tables + 0x1000, (plan.tables + 0x2000) | 7);
  for (u64 page = 0; page < m.bus.ram.size() >> 12; ++page) {
    m.poke<u64>(plan.last_level(page << 12), present ? (page << 12) | 7 : 0);
    if (page % 512 == 0)
      m.poke<u64>(plan.tables + 0x2000 + page / 512 * 8, (plan.tables + 0x3000 + page * 8) | 7);
  }
}

void prepare_block(GuestMachine& m, const HypervisorPlan& plan) {
  arch::svm::Vmcb& block = m.block;
  for (const Exit e : {Exit::Nmi, Exit::IoIo}) m.intercept(e);
  m.poke<u8>(kIoMap + 0x80 / 8, 1);  // port 80h
  block.control.asid = plan.asid;
  block.save.rip = kCode;
  block.save.rsp = kStack;
  block.save.rflags = 0x202;
  if (plan.nested) {
    m.intercept(Exit::SoftwareInterrupt);
    block.control.nested_control = arch::svm::kNestedPaging;
    block.control.nested_root = plan.tables;
  } else {
    m.intercept_exception(14);
    m.intercept(arch::svm::kReadCr + 3);
    m.intercept(arch::svm::kWriteCr + 3);
    m.intercept(Exit::Invlpg);
    block.save.cr3 = plan.tables;
  }
  build_tables(m, plan, plan.nested);
}

/// A machine with the program of `seed` as a guest of each of its processors.
class HypervisorMachine {
 public:
  GuestMachine m{costly_amd()};
  std::unique_ptr<execute::Processor> second;
  Trace trace;

  HypervisorMachine(u64 seed, bool nested, bool two, const Shape& shape) {
    m.code->set_limits(shape.limits);
    place_program(m, seed);
    m.write(kOtherPatch, Bytes{0x04, 0x07, 0xC3});  // add al, 7; ret
    m.cpu().observer = &trace;
    m.cpu().gpr[12] = 0;
    const HypervisorPlan plan{.nested = nested};
    prepare_block(m, plan);
    begin(m.cpu(), plan, kHypervisor, kHypervisorStack);
    m.settle();
    if (two) add_processor(nested);
  }

 private:
  void begin(cpu::Cpu& c, const HypervisorPlan& plan, u64 code, u64 stack) {
    m.write(code, HypervisorCode(plan).bytes);
    c.rip = code;
    c.gpr[arch::kRsp] = stack;
  }

  void add_processor(bool nested) {
    execute::Processor::Setup setup;
    setup.index = 1;
    setup.profile = &m.profile;
    setup.bus = &m.bus;
    setup.code = m.code;
    second = std::make_unique<execute::Processor>(setup);
    cpu::Cpu& c = second->state();
    static_cast<cpu::State&>(c) = m.cpu();
    c.observer = &trace;
    c.vm_hsave_pa = 0x5'9000;
    const HypervisorPlan plan{.nested = nested, .block = 0x5'8000, .tables = 0x6'8000, .asid = 2};
    std::memcpy(m.bus.ram.data() + plan.block, &m.block, sizeof m.block);
    auto& block = *reinterpret_cast<arch::svm::Vmcb*>(m.bus.ram.data() + plan.block);
    block.save.rsp = kStack - 0x8000;
    block.control.asid = plan.asid;
    (nested ? block.control.nested_root : block.save.cr3) = plan.tables;
    build_tables(m, plan, nested);
    begin(c, plan, kHypervisor + 0x2000, kHypervisorStack + 0x8000);
    c.gpr[14] += 17;
    mmu::select_address_space(c);
    c.refresh();
  }
};

Result run(u64 seed, bool nested, bool two, const Shape& shape) {
  HypervisorMachine h(seed, nested, two, shape);
  std::vector<u64> stops;
  bool running = true;
  for (u64 next = kTurn; running && stops.size() < 10'000; next += kTurn) {
    running = false;
    for (execute::Processor* p : {h.m.processor.get(), h.second.get()}) {
      if (p == nullptr) continue;
      running = run_until(*p, next, shape) == execute::Stop::CycleLimit || running;
      stops.push_back(p->cycles());
      p->nmi();
    }
  }
  return result_of(h.m, h.trace, std::move(stops));
}

size_t count_of(const Result& r, observe::EventKind kind, u64 a) {
  return static_cast<size_t>(std::count_if(
      r.events.begin(), r.events.end(), [&](const observe::Event& e) { return e.kind == kind && e.a == a; }));
}

void check_seeds(bool nested, bool two, u64 seeds) {
  for (u64 seed = 1; seed <= seeds; ++seed) {
    const Result reference = run(seed, nested, two, {"as usual", {}});
    INFO("seed " << seed);
    const auto exits = [&](Exit e) {
      return count_of(reference, observe::EventKind::VmExit, static_cast<u64>(e));
    };
    REQUIRE(exits(Exit::Hlt) == (two ? 2 : 1));
    CHECK(exits(Exit::Nmi) > 10);
    CHECK(exits(Exit::Shutdown) == 0);
    CHECK(exits(Exit::Invalid) == 0);
    CHECK((nested ? exits(Exit::NestedPageFault) : count_of(reference, observe::EventKind::VmExit, 0x4E)) >
          10);
    CHECK(reference.registers[9] > 10);  // events that reached the guest
    for (const Shape& shape : kShapes) {
      INFO(shape.name);
      require_alike(reference, run(seed, nested, two, shape));
    }
  }
}

}  // namespace

TEST_CASE("A guest with nested paging does not depend on the engine's shapes") {
  check_seeds(true, false, 4);
}
TEST_CASE("... nor does one with shadow paging") { check_seeds(false, false, 4); }
TEST_CASE("... nor guests of two processors that share code and data, in turns of one length") {
  check_seeds(true, true, 3);
  check_seeds(false, true, 3);
}

}  // namespace hvlab::test
