// The instruction table as a table: every row has handlers, every row is reached by some encoding and
// exercised by a test, what the state forbids is refused in blocks too.
#include <catch2/catch.hpp>
#include <set>

#include "../oracle/forms.hpp"
#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;
using decode::Mnemonic;

namespace {

FeatureSet all_features() {
  FeatureSet set;
  set.set();
  return set;
}

using Pool = std::vector<std::vector<oracle::Encoding>>;
const Pool& pool(u8 code_bytes) {
  static const Pool wide = oracle::encodings(8, all_features()),
                    narrow = oracle::encodings(4, all_features());
  return code_bytes == 8 ? wide : narrow;
}

std::string title(Mnemonic m) { return decode::name(m); }

/// Mnemonics that the oracle leaves out and that tests of machine code or of a room exercise, with where.
const std::set<std::string>& exercised_elsewhere() {
  static const std::set<std::string> names = {
      // tests/control: transfers, task switches, system calls, events, segments, MSRs, CPUID
      "SYSCALL", "SYSRET", "SYSENTER", "SYSEXIT", "INT", "INT1", "IRET", "IRETD", "IRETQ", "CPUID", "MONITOR",
      "MWAIT",
      // tests/svm
      "VMRUN", "VMMCALL", "VMLOAD", "VMSAVE", "STGI", "CLGI", "INVLPGA", "SKINIT",
      // tests/machine_code/system_test.cpp; FSTPNCE is not documented
      "SGDT", "SIDT", "SLDT", "STR", "SMSW", "RDTSC", "RDTSCP", "RDPMC", "RDRAND", "RDSEED", "XGETBV",
      "XSAVE", "XSAVE64", "XRSTOR", "XRSTOR64", "FSTPNCE",
      // tests/machine_code/xsave_test.cpp
      "XSAVEOPT", "XSAVEOPT64", "XSAVEC", "XSAVEC64", "XSAVES", "XSAVES64", "XRSTORS", "XRSTORS64"};
  return names;
}

std::vector<u8> bytes_of(const oracle::Encoding& e, u8 code_bytes) {
  std::vector<u8> code;
  if (e.map >= oracle::Map::Vex2) {
    const unsigned pp = e.prefix == 0x66 ? 1u : e.prefix == 0xF3 ? 2u : e.prefix == 0xF2 ? 3u : 0u;
    code = {0xC4, static_cast<u8>(0xE0 | (e.map == oracle::Map::Vex2 ? 2 : 3)),
            static_cast<u8>((e.rex_w ? 0x80u : 0u) | 0x78u | pp)};
  } else {
    if (e.prefix != 0) code.push_back(e.prefix);
    if (e.rex_w) code.push_back(0x48);
    if (e.map != oracle::Map::One) code.push_back(0x0F);
    if (e.map == oracle::Map::Three38) code.push_back(0x38);
    if (e.map == oracle::Map::Three3A) code.push_back(0x3A);
  }
  code.push_back(e.opcode);
  const unsigned reg = e.reg >= 0 ? static_cast<unsigned>(e.reg) : 0u;
  if (e.has_modrm)
    code.push_back(static_cast<u8>(
        e.memory ? 6 | reg << 3 : 0xC0 | reg << 3 | (e.rm >= 0 ? static_cast<unsigned>(e.rm) : 0u)));
  code.resize(code.size() + 8);
  static_cast<void>(code_bytes);
  return code;
}

}  // namespace

// Catches a row that stands for nothing.
TEST_CASE("every row has a selector, a mnemonic and a feature") {
  for (const decode::Row& row : decode::rows()) {
    INFO(title(row.mnemonic));
    CHECK(row.select != nullptr);
    CHECK(row.mnemonic != Mnemonic::Invalid);
    CHECK(row.feature < Feature::Count);
  }
}

// Catches a row that no encoding reaches: a misspelt mnemonic, a selector that never answers.
TEST_CASE("every mnemonic of the table is reached by an encoding") {
  std::set<Mnemonic> reached;
  for (const u8 bytes : {u8{8}, u8{4}})
    for (const auto& group : pool(bytes)) reached.insert(group.front().mnemonic);
  // Told from JCXZ and JECXZ, PUSHA and PUSHAD by sizes that only 16-bit code or a 67h prefix has.
  for (const decode::Row& row : decode::rows()) {
    if (row.mnemonic == Mnemonic::JCXZ) continue;
    INFO(title(row.mnemonic));
    CHECK(reached.count(row.mnemonic) == 1);
  }
}

// Catches instructions that nothing tests.
TEST_CASE("every mnemonic is asked of the host or exercised by a test of its own") {
  for (const decode::Row& row : decode::rows()) {
    const bool asked = oracle::left_out(row.mnemonic) == nullptr;
    INFO(title(row.mnemonic));
    CHECK((asked || exercised_elsewhere().count(title(row.mnemonic)) == 1));
  }
}

// Catches handlers that run although the state forbids them (each is run in a block, behind a NOP).
TEST_CASE("what CR0, CR4 and CPL forbid is refused, by every encoding of every row") {
  struct Denial {
    u8 need;
    int vector;
    void (*forbid)(cpu::Cpu&);
  };
  const Denial kDenials[] = {
      {decode::need::kCpl0, 13, [](cpu::Cpu&) {}},  // through user()
      {decode::need::kX87, 7, [](cpu::Cpu& c) { c.cr0 |= cr0::kTs; }},
      {decode::need::kX87, 7, [](cpu::Cpu& c) { c.cr0 |= cr0::kEm; }},
      {decode::need::kMmx, 7, [](cpu::Cpu& c) { c.cr0 |= cr0::kTs; }},
      {decode::need::kMmx, 6, [](cpu::Cpu& c) { c.cr0 |= cr0::kEm; }},
      {decode::need::kSse, 7, [](cpu::Cpu& c) { c.cr0 |= cr0::kTs; }},
      {decode::need::kSse, 6, [](cpu::Cpu& c) { c.cr0 |= cr0::kEm; }},
      {decode::need::kSse, 6, [](cpu::Cpu& c) { c.cr4 &= ~cr4::kOsfxsr; }},
      {decode::need::kFxsave, 7, [](cpu::Cpu& c) { c.cr0 |= cr0::kTs; }},
  };
  Machine m;
  for (const Denial& denial : kDenials) {
    for (const auto& group : pool(8)) {
      for (const auto& e : group) {
        const std::vector<u8> code = bytes_of(e, 8);
        decode::Form form;
        decode::Op op;
        u8 padded[16] = {};
        std::copy_n(code.begin(), std::min<size_t>(code.size(), 15), padded);
        if (!oracle::recognize(padded, 8, all_features(), form, op)) continue;
        decode::Handlers handlers;
        const decode::Row* row = decode::find_row(form, op, handlers);
        if (row == nullptr || !(row->attributes & denial.need)) continue;
        if (row->attributes & decode::row::kProtected && denial.need != decode::need::kCpl0) continue;
        m.cpu().set_rflags(0);
        m.cpu().activity = cpu::Activity::Active;
        m.long_mode();
        if (denial.need == decode::need::kCpl0) m.user();
        denial.forbid(m.cpu());
        m.cpu().gpr[kRsi] = kData;
        m.settle();
        std::vector<u8> run = {0x90};
        run.insert(run.end(), code.begin(), code.begin() + op.length);
        INFO(title(form.mnemonic));
        CHECK(m.run(run, 100) == denial.vector);
      }
    }
  }
}

// Catches instructions of protected mode in real mode.
TEST_CASE("what needs protected mode is #UD in real mode") {
  const std::initializer_list<u8> kCodes[] = {{0x0F, 0x00, 0xC0}, {0x0F, 0x00, 0xC8}, {0x0F, 0x00, 0xD0},
                                              {0x0F, 0x02, 0xC0}, {0x0F, 0x00, 0xE0}, {0x63, 0xC0}};
  for (const auto& code : kCodes) {
    Machine m;
    m.real_mode();
    CHECK(m.run(code) == 6);
  }
}

// Catches instructions that run without their feature.
TEST_CASE("without its feature an instruction is #UD, or what older processors make of it") {
  timing::Profile bare = everything();
  bare.features.clear();
  for (const char* feature :
       {"fpu", "tsc", "msr", "pae", "cx8", "lm", "nx", "syscall", "sse", "sse2", "fxsr", "mmx", "cmov"})
    bare.features.push_back(feature);
  const std::initializer_list<u8> kCodes[] = {
      {0xF3, 0x0F, 0xB8, 0xC0},       {0x0F, 0x38, 0xF0, 0x06}, {0x66, 0x0F, 0x38, 0x17, 0xC0},
      {0xC4, 0xE2, 0x78, 0xF2, 0xC0}, {0x0F, 0xC7, 0xF0},       {0x0F, 0x01, 0xF9}};
  for (const auto& code : kCodes) {
    Machine m(bare);
    m.long_mode();
    m.cpu().gpr[kRsi] = kData;
    CHECK(m.run(code) == 6);
  }
  Machine lzcnt(bare);  // LZCNT is BSR then
  lzcnt.long_mode();
  lzcnt.cpu().gpr[kRcx] = 0x100;
  CHECK(lzcnt.run({0xF3, 0x0F, 0xBD, 0xC1}) == -1);
  CHECK(lzcnt.cpu().gpr[kRax] == 8);
}

// Catches a feature that CPUID shows and no instruction has, unless it is a matter of paging, MSRs, events or
// guests.
TEST_CASE("each feature has rows or is structural") {
  std::set<Feature> with_rows;
  for (const decode::Row& row : decode::rows()) with_rows.insert(row.feature);
  const std::set<std::string> structural = {
      "vme",           "de",           "pse",           "pae",         "mce",         "apic",
      "mtrr",          "pge",          "mca",           "pat",         "pse36",       "pcid",
      "x2apic",        "tsc_deadline", "smep",          "erms",        "nx",          "pdpe1gb",
      "invariant_tsc", "arat",         "lahf_lm",       "npt",         "svm_lock",    "nrip_save",
      "vmcb_clean",    "flushbyasid",  "decodeassists", "pausefilter", "pfthreshold", "vgif",
      "srbds_ctrl",    "md_clear",     "spec_ctrl",     "stibp",       "l1d_flush",   "ssbd",
      "amd_ibpb",      "amd_ibrs",     "amd_stibp",     "amd_ssbd",    "lbrv",        "tsc_scale",
      "perfctr_core",  "xgetbv1",      "xtpr"};
  for (size_t i = 0; i < static_cast<size_t>(Feature::Count); ++i) {
    const auto feature = static_cast<Feature>(i);
    INFO(arch::name(feature));
    CHECK((with_rows.count(feature) == 1 || structural.count(arch::name(feature)) == 1));
  }
}
