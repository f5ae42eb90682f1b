#include "sim/inspect/code_listing.hpp"

#include <algorithm>
#include <array>

#include "sim/cpu/run_on.hpp"
#include "sim/decode/disassemble.hpp"
#include "sim/inspect/page_walk.hpp"

namespace hvlab::inspect {

using cpu::Cpu;

namespace {

constexpr u64 kFurthestBack = 96;  // bytes in which instructions before RIP are looked for
constexpr size_t kLongest = 15;    // bytes of an instruction

u64 code_base(const Cpu& cpu) { return cpu.code64() ? 0 : cpu.seg[arch::kCs].base; }
u64 wrap(const Cpu& cpu, u64 address) { return cpu.code64() ? address : address & 0xFFFF'FFFF; }

CodeLine line_at(const Cpu& cpu, u64 address, const SymbolOf& symbol) {
  CodeLine line{.address = address, .symbol = symbol ? symbol(cpu, address) : ""};
  std::array<u8, kLongest> bytes{};
  const size_t count = read_linear(cpu, address, bytes.data(), bytes.size());
  if (count == 0) {
    line.text = "(not mapped to memory)";
    return line;
  }
  const auto found = decode::disassemble(bytes.data(), count, cpu.code_bytes(), address);
  line.bytes.assign(bytes.begin(), bytes.begin() + (found ? found->length : 1));
  line.text = found ? found->text : "(no instruction)";
  if (found && found->target && symbol) line.target = symbol(cpu, *found->target);
  return line;
}

/// Where the `most` instructions before `end` begin: decoded from the furthest place from which they meet it.
std::vector<u64> starts_before(const Cpu& cpu, u64 end, unsigned most) {
  if (most == 0) return {};
  std::array<u8, kFurthestBack + kLongest> bytes{};
  const u64 first = end - std::min(end, kFurthestBack);
  for (u64 from = first; from < end; ++from) {
    const size_t count = read_linear(cpu, from, bytes.data(), end - from + kLongest);
    std::vector<u64> starts;
    u64 at = from;
    while (at < end && at - from < count) {
      const auto found =
          decode::disassemble(bytes.data() + (at - from), count - (at - from), cpu.code_bytes(), at);
      if (!found) break;
      starts.push_back(at);
      at += found->length;
    }
    if (at != end) continue;
    if (starts.size() > most) starts.erase(starts.begin(), starts.end() - most);
    return starts;
  }
  return {};
}

}  // namespace

std::vector<CodeLine> code_around(const Cpu& cpu, unsigned before, unsigned after, const SymbolOf& symbol) {
  const u64 rip = wrap(cpu, code_base(cpu) + cpu::run_on(cpu, cpu.rip));
  std::vector<CodeLine> lines;
  for (const u64 at : starts_before(cpu, rip, before)) lines.push_back(line_at(cpu, at, symbol));
  u64 at = rip;
  for (unsigned i = 0; i < after; ++i) {
    lines.push_back(line_at(cpu, at, symbol));
    lines.back().current = i == 0;
    if (lines.back().bytes.empty()) break;
    at = wrap(cpu, at + lines.back().bytes.size());
  }
  return lines;
}

}  // namespace hvlab::inspect
