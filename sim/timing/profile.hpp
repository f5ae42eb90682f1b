// A processor profile: what CPUID says and what things cost, read from a data file in profiles/cpu/.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "sim/arch/cpuid.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/base/types.hpp"
#include "sim/decode/cost_class.hpp"

namespace hvlab::timing {

/// How far time is modelled: one cycle an instruction, or the profile's costs.
enum class Accuracy : u8 { Functional, Approximate };

/// One figure with where it comes from; an empty or "assumed" source is counted as assumed.
struct Figure {
  std::string name;
  double value = 0;
  std::string source;
  bool assumed() const { return source.empty() || source.rfind("assumed", 0) == 0; }
};

/// Figures of a profile that are other than its file says, by name ("vm_exit", "cost.load").
using CostOverrides = std::vector<std::pair<std::string, u64>>;

struct Profile {
  std::string name;    // "amd-zen2", or "amd-zen2-novirt,-smap"
  std::string base;    // "amd-zen2" in both cases: the name of its file
  std::string vendor;  // CPUID vendor string, 12 characters
  std::string brand;   // CPUID brand string, up to 47 characters
  u32 family = 0, model = 0, stepping = 0;
  u32 microcode = 0;     // revision that MSR 8Bh reports: system software turns features off below some
  u64 frequency_hz = 0;  // core clock and TSC
  u64 apic_timer_hz = 100'000'000;    // what feeds the local APIC's timer: the core crystal clock where CPUID
                                      // has leaf 15h, else the bus clock
  std::vector<std::string> features;  // names as in sim/arch/features.hpp; what is not listed raises #UD
  std::vector<std::string> not_modelled;  // what the real part has besides and HVLab does not implement, as
                                          // Linux and the manuals call it; raises #UD, is not advertised
  u32 physical_address_bits = 40;
  arch::vmx::Capabilities vmx;                // with the feature "vmx": what its capability MSRs say, but for
                                              // IA32_VMX_CR4_FIXED1, which follows from the features
  bool has_vmx_data = false;                  // the file tells them, whether or not the feature is there
  std::vector<std::string> vmx_not_modelled;  // what the real part's VMX has besides, by the manual's names
  arch::CpuidLeaves leaves;                   // what CPUID tells besides

  // Cycles. With Accuracy::Functional every class costs 1 except Load, Store, LockedAtomic and StringUnit
  // (0), and all below are 0.
  std::array<u32, decode::kCostClasses> cost{};
  u32 page_walk_reference = 0;  // each table entry read by a page walk
  u32 exception_delivery = 0;
  u32 interrupt_delivery = 0;
  u32 port_access = 0;     // added for each port access
  u32 mmio_access = 0;     // added for each access to a device's registers in memory space
  u32 apic_access = 0;     // added for each local APIC access
  u32 vm_entry = 0;        // from host to guest: VMRUN, VM entry
  u32 vm_exit = 0;         // and back
  u32 msr_area_entry = 0;  // with VMX: added for each MSR that VM entry or VM exit loads or stores
  u32 tlb_entries_small = 1536, tlb_ways_small = 12;  // 4 KiB pages
  u32 tlb_entries_large = 64, tlb_ways_large = 8;     // 2 MiB, 4 MiB and 1 GiB pages

  Accuracy accuracy = Accuracy::Approximate;
  std::vector<Figure> figures;  // every figure above with its source
  CostOverrides overrides;      // those that were given over the file's
};

/// Reads profile `name`: a file NAME.yaml in the profile folders, or a path; NAME-novirt without hardware
/// assistance for virtualization; "NAME,-npt" without a feature or a part of VMX (removal.hpp). Throws UserError with file, line and column
/// on anything missing, unknown or out of range, among the overrides too.
Profile load_profile(const std::string& name, Accuracy accuracy, const CostOverrides& overrides = {});

/// Names of the profiles that come with HVLab, and of those without virtualization; in alphabetical order.
std::vector<std::string> profile_names();

}  // namespace hvlab::timing
