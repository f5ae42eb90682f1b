#include "sim/timing/profile.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/arch/features.hpp"
#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/timing/cpuid_reader.hpp"
#include "sim/timing/removal.hpp"
#include "sim/timing/vmx_reader.hpp"
#include "sim/timing/yaml_reader.hpp"

namespace hvlab::timing {
namespace {
namespace fs = std::filesystem;
using decode::CostClass;

/// Keys of the mapping 'cost', in the order of CostClass.
constexpr std::array kCostKeys = {"simple",
                                  "load",
                                  "store",
                                  "shift",
                                  "multiply",
                                  "divide",
                                  "branch",
                                  "call_return",
                                  "stack",
                                  "string_start",
                                  "string_unit",
                                  "locked_atomic",
                                  "float_simple",
                                  "float_multiply",
                                  "float_divide",
                                  "float_complex",
                                  "vector",
                                  "far_transfer",
                                  "interrupt_return",
                                  "system_call_enter",
                                  "system_call_return",
                                  "segment_load",
                                  "control_register",
                                  "msr",
                                  "cpuid",
                                  "time_stamp",
                                  "fence",
                                  "tlb_invalidate",
                                  "cache_flush",
                                  "random",
                                  "state_save",
                                  "microcoded"};
static_assert(kCostKeys.size() == decode::kCostClasses);

constexpr u64 kMostCycles = 1'000'000;

/// Classes that are added to the cost of another one and may therefore be 0.
bool additive(CostClass kind) {
  return kind == CostClass::Load || kind == CostClass::Store || kind == CostClass::LockedAtomic ||
         kind == CostClass::StringUnit;
}

/// Takes figure `key` (`{value: 3, source: "..."}`) of `map`, or what is given over it, and notes where it
/// comes from.
u64 take_figure(YamlMap& map, const std::string& key, const std::string& name, u64 low, u64 high,
                Profile& profile) {
  YamlMap figure = map.take_map(key);
  u64 value = figure.take_integer("value", low, high);
  std::string source = figure.take_text("source");
  figure.finish();
  for (const auto& [other, given] : profile.overrides) {
    if (other != name) continue;
    if (given < low || given > high)
      throw UserError("cost '" + name + "': give a whole number from " + std::to_string(low) + " to " +
                      std::to_string(high));
    value = given;
    source = "given for this run";
  }
  profile.figures.push_back({name, static_cast<double>(value), source});
  return value;
}

void read_identity(YamlMap& file, Profile& profile) {
  const YAML::Node vendor = file.take("vendor");
  if (!vendor.IsScalar() || vendor.Scalar().size() != 12) {
    file.fail(vendor, "'vendor' must be the CPUID vendor string, 12 characters");
  }
  profile.vendor = vendor.Scalar();
  const YAML::Node brand = file.take("brand");
  if (!brand.IsScalar() || brand.Scalar().size() > 47) {
    file.fail(brand, "'brand' must be the CPUID brand string, at most 47 characters");
  }
  profile.brand = brand.Scalar();
  profile.family = static_cast<u32>(file.take_integer("family", 0, 0xF + 0xFF));
  profile.model = static_cast<u32>(file.take_integer("model", 0, 0xFF));
  profile.stepping = static_cast<u32>(file.take_integer("stepping", 0, 0xF));
  profile.microcode = static_cast<u32>(file.take_integer("microcode", 0, 0xFFFF'FFFF));
  profile.features = file.take_list("features");
  bool virtualizes = false;
  for (const auto& item : file.take("features")) {
    if (!arch::feature_by_name(item.Scalar())) {
      file.fail(item,
                "feature '" + item.Scalar() + "' is not one that HVLab implements (sim/arch/features.inc)");
    }
    if (item.Scalar() != arch::name(arch::Feature::Svm) && item.Scalar() != arch::name(arch::Feature::Vmx))
      continue;
    if (virtualizes)
      file.fail(item, "features 'svm' and 'vmx' together: a processor has one kind of virtualization");
    virtualizes = true;
  }
}

/// What the real part has and HVLab has not; complains of a feature that it has after all.
std::vector<std::string> read_not_modelled(YamlMap& file) {
  std::vector<std::string> names = file.take_list("not_modelled");
  for (const auto& item : file.take("not_modelled")) {
    if (arch::feature_by_name(item.Scalar()))
      file.fail(item, "'not_modelled': HVLab implements '" + item.Scalar() + "' (sim/arch/features.inc)");
  }
  return names;
}

void read_tlb(YamlMap& file, const std::string& key, u32& entries, u32& ways, Profile& profile) {
  const YAML::Node node = file.take(key);
  YamlMap tlb = file.take_map(key);
  entries = static_cast<u32>(take_figure(tlb, "entries", key + ".entries", 1, 65536, profile));
  ways = static_cast<u32>(take_figure(tlb, "ways", key + ".ways", 1, 65536, profile));
  tlb.finish();
  if (entries % ways != 0) file.fail(node, "'" + key + "': the entries must be a multiple of the ways");
}

void read_figures(YamlMap& file, Profile& profile) {
  const auto figure = [&](const char* key, u64 low, u64 high) {
    return take_figure(file, key, key, low, high, profile);
  };
  profile.frequency_hz = figure("frequency_hz", 1'000'000, 100'000'000'000);
  profile.apic_timer_hz = figure("apic_timer_hz", 1'000'000, 1'000'000'000);
  profile.physical_address_bits = static_cast<u32>(figure("physical_address_bits", 36, 52));
  profile.page_walk_reference = static_cast<u32>(figure("page_walk_reference", 0, kMostCycles));
  profile.exception_delivery = static_cast<u32>(figure("exception_delivery", 0, kMostCycles));
  profile.interrupt_delivery = static_cast<u32>(figure("interrupt_delivery", 0, kMostCycles));
  profile.port_access = static_cast<u32>(figure("port_access", 0, kMostCycles));
  profile.mmio_access = static_cast<u32>(figure("mmio_access", 0, kMostCycles));
  profile.apic_access = static_cast<u32>(figure("apic_access", 0, kMostCycles));
  profile.vm_entry = static_cast<u32>(figure("vm_entry", 0, kMostCycles));
  profile.vm_exit = static_cast<u32>(figure("vm_exit", 0, kMostCycles));
  if (profile.has_vmx_data)
    profile.msr_area_entry = static_cast<u32>(figure("msr_area_entry", 0, kMostCycles));
  read_tlb(file, "tlb_small", profile.tlb_entries_small, profile.tlb_ways_small, profile);
  read_tlb(file, "tlb_large", profile.tlb_entries_large, profile.tlb_ways_large, profile);
  YamlMap costs = file.take_map("cost");
  for (size_t i = 0; i < kCostKeys.size(); ++i) {
    const u64 least = additive(static_cast<CostClass>(i)) ? 0 : 1;
    profile.cost[i] = static_cast<u32>(
        take_figure(costs, kCostKeys[i], std::string("cost.") + kCostKeys[i], least, kMostCycles, profile));
  }
  costs.finish();
}

/// One cycle an instruction, and nothing for what happens between instructions.
void make_functional(Profile& profile) {
  for (size_t i = 0; i < profile.cost.size(); ++i)
    profile.cost[i] = additive(static_cast<CostClass>(i)) ? 0 : 1;
  profile.page_walk_reference = profile.exception_delivery = profile.interrupt_delivery = 0;
  profile.port_access = profile.mmio_access = profile.apic_access = profile.vm_entry = profile.vm_exit = 0;
  profile.msr_area_entry = 0;
}

void check_overrides(const Profile& profile) {
  for (const auto& [name, value] : profile.overrides) {
    if (std::ranges::count(profile.figures, name, &Figure::name) == 0)
      throw UserError("cost '" + name + "': a processor profile has no such figure");
  }
}

/// NAME-novirt is profile NAME without hardware assistance for virtualization.
constexpr std::string_view kNoVirtualization = "-novirt";

/// VMX, SVM, and all that CPUID's leaf of SVM tells (APM vol. 3, E.4.9): without the one the others mean
/// nothing.
bool assists_virtualization(std::string_view feature) {
  constexpr u32 kSvmLeaf = 0x8000'000A;
#define FEATURE(id, name, leaf, reg, bit) \
  if (leaf == kSvmLeaf && feature == name) return true;
#include "sim/arch/features.inc"
#undef FEATURE
  return feature == arch::name(arch::Feature::Svm) || feature == arch::name(arch::Feature::Vmx);
}

void remove_virtualization(Profile& profile) {
  const std::string whole = profile.name;
  profile.name += kNoVirtualization;
  profile.has_vmx_data = false;
  if (std::erase_if(profile.features, assists_virtualization) == 0)
    throw UserError("processor profile '" + profile.name + "': '" + whole +
                    "' has no virtualization to take away");
}

/// The name of the profile's file; true: without virtualization.
bool take_no_virtualization(std::string& name) {
  if (!name.ends_with(kNoVirtualization)) return false;
  name.resize(name.size() - kNoVirtualization.size());
  return true;
}

fs::path profile_file(const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".yaml")) return name;
  fs::path file = data_folder("profiles/cpu") / (name + ".yaml");
  std::error_code error;
  if (!name.empty() && fs::is_regular_file(file, error)) return file;
  std::string known;
  for (const std::string& each : profile_names()) known += (known.empty() ? "" : ", ") + each;
  throw UserError("unknown processor profile '" + name + "'; known are: " + known +
                  " (or the path of a .yaml file)");
}

}  // namespace

Profile load_profile(const std::string& name, Accuracy accuracy, const CostOverrides& overrides) {
  const size_t comma = std::min(name.find(','), name.size());
  std::string file_name = name.substr(0, comma);
  const bool bare = take_no_virtualization(file_name);
  const fs::path path = profile_file(file_name);
  YamlMap file = YamlMap::from_file(path.string());
  Profile profile;
  profile.name = profile.base = path.stem().string();
  profile.accuracy = accuracy;
  profile.overrides = overrides;
  read_identity(file, profile);
  profile.not_modelled = read_not_modelled(file);
  read_cpuid(file, profile);
  read_vmx(file, profile);
  read_figures(file, profile);
  file.finish();
  check_overrides(profile);
  if (bare) remove_virtualization(profile);
  remove_features(name.substr(comma), profile);
  profile.name += name.substr(comma);
  if (accuracy == Accuracy::Functional) make_functional(profile);
  return profile;
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data_folder("profiles/cpu"))) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string name = entry.path().stem().string();
    names.push_back(name);
    const Profile profile = load_profile(name, Accuracy::Approximate);
    if (std::ranges::any_of(profile.features, assists_virtualization))
      names.push_back(name + std::string(kNoVirtualization));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hvlab::timing
