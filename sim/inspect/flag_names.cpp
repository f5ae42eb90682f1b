#include "sim/inspect/flag_names.hpp"

#include <fmt/format.h>

#include <bit>

#include "sim/arch/registers.hpp"

namespace hvlab::inspect {

namespace {

namespace flag = arch::flag;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

constexpr FlagName kRflags[] = {
    {flag::kCf, "CF"},   {flag::kPf, "PF"}, {flag::kAf, "AF"}, {flag::kZf, "ZF"}, {flag::kSf, "SF"},
    {flag::kTf, "TF"},   {flag::kIf, "IF"}, {flag::kDf, "DF"}, {flag::kOf, "OF"}, {flag::kIopl, "IOPL"},
    {flag::kNt, "NT"},   {flag::kRf, "RF"}, {flag::kVm, "VM"}, {flag::kAc, "AC"}, {flag::kVif, "VIF"},
    {flag::kVip, "VIP"}, {flag::kId, "ID"}};
constexpr FlagName kCr0[] = {{cr0::kPe, "PE"}, {cr0::kMp, "MP"}, {cr0::kEm, "EM"}, {cr0::kTs, "TS"},
                             {cr0::kEt, "ET"}, {cr0::kNe, "NE"}, {cr0::kWp, "WP"}, {cr0::kAm, "AM"},
                             {cr0::kNw, "NW"}, {cr0::kCd, "CD"}, {cr0::kPg, "PG"}};
constexpr FlagName kCr4[] = {{cr4::kVme, "VME"},
                             {cr4::kPvi, "PVI"},
                             {cr4::kTsd, "TSD"},
                             {cr4::kDe, "DE"},
                             {cr4::kPse, "PSE"},
                             {cr4::kPae, "PAE"},
                             {cr4::kMce, "MCE"},
                             {cr4::kPge, "PGE"},
                             {cr4::kPce, "PCE"},
                             {cr4::kOsfxsr, "OSFXSR"},
                             {cr4::kOsxmmexcpt, "OSXMMEXCPT"},
                             {cr4::kUmip, "UMIP"},
                             {cr4::kVmxe, "VMXE"},
                             {cr4::kFsgsbase, "FSGSBASE"},
                             {cr4::kPcide, "PCIDE"},
                             {cr4::kOsxsave, "OSXSAVE"},
                             {cr4::kSmep, "SMEP"},
                             {cr4::kSmap, "SMAP"}};
constexpr FlagName kEfer[] = {{efer::kSce, "SCE"},
                              {efer::kLme, "LME"},
                              {efer::kLma, "LMA"},
                              {efer::kNxe, "NXE"},
                              {efer::kSvme, "SVME"}};
constexpr FlagName kDr6[] = {{bit(0), "B0"},        {bit(1), "B1"},         {bit(2), "B2"},
                             {bit(3), "B3"},        {arch::dr6::kBd, "BD"}, {arch::dr6::kBs, "BS"},
                             {arch::dr6::kBt, "BT"}};
constexpr FlagName kDr7[] = {{bit(0), "L0"}, {bit(1), "G0"}, {bit(2), "L1"}, {bit(3), "G1"},
                             {bit(4), "L2"}, {bit(5), "G2"}, {bit(6), "L3"}, {bit(7), "G3"},
                             {bit(8), "LE"}, {bit(9), "GE"}, {bit(13), "GD"}};

}  // namespace

std::span<const FlagName> rflags_names() { return kRflags; }
std::span<const FlagName> cr0_names() { return kCr0; }
std::span<const FlagName> cr4_names() { return kCr4; }
std::span<const FlagName> efer_names() { return kEfer; }
std::span<const FlagName> dr6_names() { return kDr6; }
std::span<const FlagName> dr7_names() { return kDr7; }

std::vector<std::string> names_of(std::span<const FlagName> names, u64 value) {
  std::vector<std::string> set;
  for (const FlagName& flag : names) {
    if ((value & flag.mask) == 0) continue;
    const bool field = std::popcount(flag.mask) > 1;
    set.push_back(field ? fmt::format("{}={}", flag.name, (value & flag.mask) >> std::countr_zero(flag.mask))
                        : flag.name);
  }
  return set;
}

std::string text_of(std::span<const FlagName> names, u64 value) {
  return fmt::format("{}", fmt::join(names_of(names, value), " "));
}

}  // namespace hvlab::inspect
