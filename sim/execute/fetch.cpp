#include "sim/execute/fetch.hpp"

#include "sim/control/events.hpp"
#include "sim/mmu/access.hpp"

namespace hvlab::execute {

using arch::Exception;
using arch::kCs;
using cpu::raise;
using cpu::SoftEntry;
using decode::Outcome;

namespace {

BlockMode block_mode(const Cpu& cpu, u64 linear) {
  if (cpu.code64()) return {8, 8, true};
  const u64 last = cpu.rip + (0xFFF - (linear & 0xFFF));
  return {cpu.code_bytes(), cpu.stack_bytes(), last <= cpu.seg[kCs].limit};
}

/// Delivers the fault that the fetch has met. There is no instruction yet that a hypervisor could be told of.
void deliver_fault(Cpu& cpu) {
  cpu.current = nullptr;
  cpu.settle();
  control::deliver(cpu, control::pending_fault(cpu));
}

}  // namespace

u64 linear_rip(const Cpu& cpu) {
  return cpu.code64() ? cpu.rip : static_cast<u32>(cpu.seg[kCs].base + cpu.rip);
}

/// Makes the page of `linear` the one that is fetched from; delivers the fault if it cannot be.
bool Fetch::fetch_page(u64 linear) {
  const u64 page = linear & ~u64{0xFFF};
  if (page == cpu.fetch_page) return true;
  const SoftEntry& e = cpu.fetch_bank->at(linear);
  if (e.execute_tag == page) {
    cpu.fetch_addend = e.addend;
  } else {
    u64 physical = 0;
    u8* host = nullptr;
    Outcome outcome = mmu::translate_fetch(cpu, linear, physical, host);
    // What is not RAM is not executed from: such buses read as FFh bytes, which are no instruction.
    if (outcome == Outcome::Next && host == nullptr) outcome = raise(cpu, Exception::InvalidOpcode);
    if (outcome != Outcome::Next) {
      deliver_fault(cpu);
      return false;
    }
    cpu.fetch_addend = reinterpret_cast<u64>(host) - linear;
  }
  cpu.fetch_page = page;
  return true;
}

/// The page behind that of `linear`, for an instruction that crosses into it.
const u8* Fetch::next_page(u64 linear, u64& number, bool& faulted) {
  u64 next = (linear & ~u64{0xFFF}) + 4096;
  if (!cpu.code64()) next = static_cast<u32>(next);
  u64 physical = 0;
  u8* host = nullptr;
  Outcome outcome = mmu::translate_fetch(cpu, next, physical, host);
  if (outcome == Outcome::Next && host == nullptr) outcome = raise(cpu, Exception::InvalidOpcode);
  faulted = outcome != Outcome::Next;
  number = physical >> 12;
  return faulted ? nullptr : host;
}

/// The block at `linear`, in the page that is fetched from; nullptr if a fault was delivered instead.
Block* Fetch::block_at(u64 linear, BlockMode mode) {
  const u8* host = reinterpret_cast<const u8*>(linear + cpu.fetch_addend);
  const u64 key = decode::block_key(host, mode.key());
  Block* block = code.find(key);
  if (block != nullptr && block->second_page == nullptr) return block;
  // The physical page number is the simulated one: asked of the bus's RAM by translating once more (a TLB
  // hit).
  u64 physical = 0;
  u8* unused = nullptr;
  if (mmu::translate_fetch(cpu, linear, physical, unused) != Outcome::Next) {
    deliver_fault(cpu);
    return nullptr;
  }
  if (block == nullptr) block = code.build(host, physical >> 12, mode, nullptr, 0);
  if (block != nullptr && block->second_page == nullptr) return block;
  u64 number = 0;
  bool faulted = false;
  const u8* second = next_page(linear, number, faulted);
  if (faulted) {
    deliver_fault(cpu);
    return nullptr;
  }
  if (block != nullptr && block->second_page == second) return block;
  if (block != nullptr) code.drop(block);
  return code.build(host, physical >> 12, mode, second, number);
}

const Op* Fetch::locate() {
  const u64 linear = linear_rip(cpu);
  const BlockMode mode = block_mode(cpu, linear);
  if (!cpu.code64() && cpu.rip > cpu.seg[kCs].limit) {
    raise(cpu, Exception::GeneralProtection, 0);
    deliver_fault(cpu);
    return nullptr;
  }
  if (!fetch_page(linear)) return nullptr;
  if (code.stale()) code.renew();
  if (next_op != nullptr && epoch == code.epoch()) {
    const Block* block = decode::block_of(next_op);
    const u64 start = linear - next_op->offset;
    const bool same =
        !block->dead && (start & ~u64{0xFFF}) == cpu.fetch_page &&
        block->key == decode::block_key(reinterpret_cast<const u8*>(start + cpu.fetch_addend), mode.key());
    if (same) return next_op;
  }
  Block* block = block_at(linear, mode);
  if (block == nullptr) return nullptr;
  if (cpu.link_slot != nullptr && epoch == code.epoch() && block->second_page == nullptr)
    *cpu.link_slot = block;
  epoch = code.epoch();
  return block->ops();
}

}  // namespace hvlab::execute
