#include "sim/views/instructions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "sim/base/user_error.hpp"

namespace hvlab::views {

using record::Json;

namespace {

// An instruction takes about three cycles where something is going on (much less than an exit, more than an
// addition), so that it has 6 pixels where a cycle has two.
constexpr double kPixelsPerCycle = 2;

// Instructions that take long (a VMRUN, an exit) may have begun before.
constexpr Picoseconds kBefore = kMicrosecond / 2;

constexpr std::array kStretches = {kMicrosecond, 4 * kMicrosecond, 16 * kMicrosecond};

u64 address_of(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 16); }

std::string text_of(const Json& json, const char* name) { return json.value(name, std::string()); }

Instruction instruction_of(const Json& json) {
  Instruction one;
  one.begin = json.at("time").get<u64>();
  if (const auto& cycles = json.at("cycles"); !cycles.is_null()) one.cycles = cycles.get<u64>();
  one.rip = address_of(json.at("rip").get<std::string>());
  one.cpl = json.value("cpl", 0U);
  one.vm = json.value("vm", 0U);
  one.vcpu = json.value("vcpu", 0U);
  one.in_guest = json.value("in_guest", false);
  one.completed = json.value("completed", true);
  one.interrupted = json.value("interrupted", false);
  one.account = text_of(json, "account");
  one.text = text_of(json, "text");
  one.symbol = text_of(json, "symbol");
  one.target = text_of(json, "target");
  return one;
}

// Where each ends: where the next begins, or so many cycles behind its begin.
void set_ends(std::vector<Instruction>& instructions, Picoseconds until, double hertz) {
  for (size_t i = 0; i < instructions.size(); ++i) {
    Instruction& one = instructions[i];
    one.end = std::max(until, one.begin + 1);
    if (i + 1 < instructions.size())
      one.end = instructions[i + 1].begin;
    else if (one.cycles)
      one.end = one.begin + static_cast<Picoseconds>(static_cast<double>(*one.cycles) * 1e12 / hertz);
  }
}

}  // namespace

std::string Instruction::mnemonic() const {
  static constexpr std::array kPrefixes = {"rep", "repe", "repne", "repz", "repnz", "lock"};
  size_t until = std::min(text.find(' '), text.size());
  if (std::ranges::find(kPrefixes, text.substr(0, until)) != kPrefixes.end() && until < text.size())
    until = std::min(text.find(' ', until + 1), text.size());
  return text.substr(0, until);
}

InstructionList instruction_list(const Json& document) {
  InstructionList list;
  try {
    if (document.value("schema", "") != "hvlab.instructions/1")
      throw UserError("this is no list of instructions (hvlab.instructions/1)");
    list.from = document.at("from").get<u64>();
    list.until = document.at("until").get<u64>();
    const double hertz = document.at("frequency_hz").get<double>();
    list.processors.resize(std::min<u64>(document.at("processors").get<u64>(), 256));
    for (const Json& one : document.at("instructions")) {
      const u64 processor = one.at("processor").get<u64>();
      if (processor < list.processors.size()) list.processors[processor].push_back(instruction_of(one));
    }
    for (auto& instructions : list.processors) {
      std::ranges::stable_sort(instructions, {}, &Instruction::begin);
      set_ends(instructions, list.until, std::max(hertz, 1.0));
    }
  } catch (const Json::exception& error) {
    throw UserError(std::string("a damaged list of instructions: ") + error.what());
  }
  return list;
}

bool instructions_fit(PicosecondDelta span, u32 columns, u64 hertz) {
  const double cycles = static_cast<double>(span) * static_cast<double>(hertz) / 1e12;
  return cycles * kPixelsPerCycle <= static_cast<double>(columns);
}

std::optional<InstructionStretch> instruction_stretch(Picoseconds from, Picoseconds until) {
  // Stretches begin at every half of their length, so that one of them has all of any span of that half.
  for (const Picoseconds length : kStretches) {
    if (until < from || until - from > length / 2) continue;
    const Picoseconds begin = from / (length / 2) * (length / 2);
    return InstructionStretch{begin > kBefore ? begin - kBefore : 0, begin + length};
  }
  return std::nullopt;
}

std::vector<std::string> instruction_question(const std::string& run, const InstructionStretch& stretch) {
  return {"inspect",        run,
          "--at",           stretch.at == 0 ? "0" : std::to_string(stretch.at) + "ps",
          "--until",        std::to_string(stretch.until) + "ps",
          "--instructions", std::to_string(kMostInstructions),
          "--json"};
}

std::vector<InstructionCell> instruction_cells(const std::vector<Instruction>& instructions,
                                               PicosecondDelta from, PicosecondDelta until, u32 columns) {
  std::vector<InstructionCell> cells;
  if (until <= from) return cells;
  const double scale = static_cast<double>(columns) / static_cast<double>(until - from);
  const auto column = [&](Picoseconds time) {
    return static_cast<double>(static_cast<PicosecondDelta>(time) - from) * scale;
  };
  const auto begins_behind = [&](const Instruction& one) {
    return static_cast<PicosecondDelta>(one.end) <= from;
  };
  const auto first = std::ranges::partition_point(instructions, begins_behind);
  for (auto it = first; it != instructions.end(); ++it) {
    if (static_cast<PicosecondDelta>(it->begin) >= until) break;
    const double left = column(it->begin), right = column(it->end);
    const bool same = !cells.empty() && std::floor(left) == std::floor(cells.back().left);
    if (!same) cells.push_back({left, right, static_cast<size_t>(it - instructions.begin()), 0});
    cells.back().right = right;
    ++cells.back().count;
  }
  return cells;
}

const Instruction* instruction_at(const std::vector<Instruction>& instructions, Picoseconds time) {
  const auto behind = std::ranges::upper_bound(instructions, time, {}, &Instruction::begin);
  if (behind == instructions.begin()) return nullptr;
  const Instruction& one = *std::prev(behind);
  return time < one.end ? &one : nullptr;
}

}  // namespace hvlab::views
