// Would catch: a figure read into the wrong place or without its source, a wrong key that passes unnoticed, a
// message that does not say where, functional timing that still charges the profile's costs.
#include "sim/timing/profile.hpp"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/timing/removal.hpp"

using namespace hvlab;
using namespace hvlab::timing;
using decode::CostClass;

namespace {

u32 cost(const Profile& profile, CostClass kind) { return profile.cost[static_cast<size_t>(kind)]; }

std::string shipped(const std::string& name) {
  std::ifstream file(data_folder("profiles/cpu") / (name + ".yaml"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The message that loading `text` as a profile gives; empty if it loads.
std::string complaint(const std::string& text) {
  const auto path =
      std::filesystem::temp_directory_path() / ("hvlab-profile-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << text;
  std::string message;
  try {
    load_profile(path.string(), Accuracy::Approximate);
  } catch (const UserError& error) {
    message = error.what();
  }
  std::filesystem::remove(path);
  return message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("every profile that comes with HVLab loads, with a source for each figure") {
  const auto names = profile_names();
  REQUIRE(std::find(names.begin(), names.end(), "amd-zen2") != names.end());
  for (const char* name : {"amd-opteron", "amd-opteron-novirt", "amd-zen4", "amd-zen4-novirt",
                           "intel-icelake", "intel-nehalem", "intel-penryn", "intel-skylake"})
    CHECK(std::ranges::count(names, name) == 1);
  for (const std::string& name : names) {
    const Profile profile = load_profile(name, Accuracy::Approximate);
    CHECK(profile.name == name);
    CHECK(profile.vendor.size() == 12);
    CHECK(profile.frequency_hz >= 500'000'000);
    const auto of_vmx = std::ranges::count(profile.figures, "msr_area_entry", &Figure::name);
    CHECK((of_vmx == 1 || !profile.has_vmx_data));
    CHECK(profile.figures.size() == 11 + static_cast<size_t>(of_vmx) + 4 + decode::kCostClasses);
    for (const Figure& figure : profile.figures) CHECK_FALSE(figure.source.empty());
  }
}

TEST_CASE("costs land in the class whose name they carry") {
  const Profile profile = load_profile("amd-zen2", Accuracy::Approximate);
  CHECK(profile.family == 23);
  CHECK(profile.model == 49);
  CHECK(cost(profile, CostClass::Simple) == 1);
  CHECK(cost(profile, CostClass::Divide) == 25);
  CHECK(cost(profile, CostClass::LockedAtomic) == 17);
  CHECK(cost(profile, CostClass::TimeStamp) == 37);
  CHECK(cost(profile, CostClass::Microcoded) == 30);
  CHECK(profile.port_access == 2340);
  CHECK(profile.tlb_entries_small == 2048);
  CHECK(profile.tlb_ways_small == 16);
}

TEST_CASE("functional accuracy is one cycle an instruction and nothing else") {
  const Profile profile = load_profile("intel-skylake", Accuracy::Functional);
  for (size_t i = 0; i < decode::kCostClasses; ++i) {
    const auto kind = static_cast<CostClass>(i);
    const bool added = kind == CostClass::Load || kind == CostClass::Store ||
                       kind == CostClass::LockedAtomic || kind == CostClass::StringUnit;
    CHECK(profile.cost[i] == (added ? 0 : 1));
  }
  CHECK(profile.page_walk_reference + profile.exception_delivery + profile.interrupt_delivery == 0);
  CHECK(profile.port_access + profile.mmio_access + profile.apic_access == 0);
  CHECK(profile.frequency_hz == 3'400'000'000);
}

TEST_CASE("a mistake in a profile is one line with its place") {
  const std::string good = shipped("amd-zen2");
  REQUIRE(complaint(good).empty());
  using Catch::Contains;
  CHECK_THAT(complaint(good + "colour: blue\n"), Contains("unknown key 'colour'"));
  CHECK_THAT(complaint(good + "family: 6\n"), Contains("'family' is given twice"));
  CHECK_THAT(complaint(good + "family: 6\n"),
             Contains(".yaml:" + std::to_string(std::count(good.begin(), good.end(), '\n') + 1) + ":1: "));
  CHECK_THAT(complaint(replaced(good, "family: 23", "family: big")),
             Contains("whole number from 0 to 270, not 'big'"));
  CHECK_THAT(complaint(replaced(good, "simple: {value: 1,", "simple: {value: 0,")),
             Contains("'cost.simple.value'"));
  CHECK_THAT(complaint(replaced(good, "  simple:", "  simpel:")), Contains("'cost.simple' is missing"));
  CHECK_THAT(complaint(replaced(good, "  simple:", "  extra: {value: 1, source: assumed}\n  simple:")),
             Contains("unknown key 'cost.extra'"));
  CHECK_THAT(complaint(replaced(good, "AuthenticAMD", "AMD")), Contains("12 characters"));
  CHECK_THAT(complaint(replaced(good, "fpu, vme", "fpu, fpu")), Contains("twice"));
  CHECK_THAT(complaint(replaced(good, "ways: {value: 16", "ways: {value: 12")),
             Contains("multiple of the ways"));
  CHECK_THAT(complaint(replaced(good, "fpu, vme", "fpu, avx512")),
             Contains(":10:17: feature 'avx512' is not one"));
  // Which of the two a processor had would be decided silently.
  CHECK_THAT(complaint(replaced(good, "fpu, vme", "fpu, vmx, vme")),
             Contains("features 'svm' and 'vmx' together: a processor has one kind of virtualization"));
  CHECK_THAT(complaint(replaced(shipped("intel-skylake"), "fpu, vme", "fpu, svm, vme")),
             Contains("features 'svm' and 'vmx' together"));
  CHECK_THAT(complaint("a: [b"), Contains("not valid YAML"));
  CHECK_THAT(complaint(""), Contains("must be a mapping"));
}

// Catches CPUID data that contradicts itself, or hides what the features promise.
TEST_CASE("a mistake in what CPUID tells is one line with its place") {
  const std::string good = shipped("amd-zen2");
  using Catch::Contains;
  CHECK_THAT(complaint(replaced(good, "basic_maximum: 0xD", "basic_maximum: 6")),
             Contains(".yaml:") && Contains("feature 'x2apic' needs CPUID leaf Bh"));
  CHECK_THAT(complaint(replaced(good, "extended_maximum: 0x8000001E", "extended_maximum: 0x80000008")),
             Contains("needs CPUID leaf 8000000Ah"));
  CHECK_THAT(complaint(replaced(good, "leaf: 0x80000005", "leaf: 0x80000006")),
             Contains("leaf 80000006h is given twice"));
  CHECK_THAT(complaint(replaced(good, "leaf: 0x80000005", "leaf: 0x80000001")),
             Contains("follows from the rest"));
  CHECK_THAT(complaint(replaced(good, "leaf: 0x80000005", "leaf: 0x80000030")),
             Contains("beyond the highest"));
  CHECK_THAT(complaint(replaced(good, "type: data", "type: dada")),
             Contains("'dada' must be one of data, instruction"));
  CHECK_THAT(complaint(replaced(good, "kib: 32, ways: 8", "kib: 32, ways: 7")),
             Contains("multiple of its ways"));
  CHECK_THAT(complaint(replaced(good, "asids: 32768", "asids: 1")), Contains("'cpuid.svm.asids'"));
}

// Catches a control that is advertised though HVLab does not implement it, or that no processor has alone.
TEST_CASE("a mistake in VMX's capabilities is one line with its place") {
  const std::string good = shipped("intel-icelake");
  REQUIRE(complaint(good).empty());
  using Catch::Contains;
  CHECK_THAT(complaint(replaced(good, "enable PML,", "enable PLM,")), Contains("'enable PLM' is no control"));
  CHECK_THAT(complaint(replaced(good, "enable PML,", "enable ENCLS exiting,")),
             Contains(".yaml:") && Contains("does not implement the control 'enable ENCLS exiting'"));
  CHECK_THAT(complaint(replaced(good, "enable PML,", "CR3-load exiting,")),
             Contains("is 1 on every processor"));
  CHECK_THAT(complaint(replaced(good, "enable EPT,", "")), Contains("needs 'enable EPT'"));
  CHECK_THAT(complaint(replaced(good, "activate secondary controls,", "")),
             Contains("needs 'activate secondary controls'"));
  CHECK_THAT(complaint(replaced(good, "rdseed, smap", "smap")), Contains("'RDSEED exiting' needs 'rdseed'"));
  CHECK_THAT(complaint(replaced(good, "accessed and dirty flags,", "")), Contains("'enable PML' needs"));
  CHECK_THAT(complaint(replaced(good, "misc: [stores IA-32e mode guest,", "misc: [")),
             Contains("needs 'stores IA-32e mode guest'"));
  CHECK_THAT(complaint(replaced(good, "not_modelled: [dual-monitor treatment", "not_modelled: [enable PML")),
             Contains("is there after all"));
  CHECK_THAT(complaint(replaced(good, "true_controls: true", "true_controls: yes")),
             Contains("true or false"));
}

TEST_CASE("an unknown profile is answered with those that exist") {
  using Catch::Contains;
  CHECK_THROWS_WITH(load_profile("i486", Accuracy::Approximate), Contains("'i486'") && Contains("amd-zen2"));
  CHECK_THROWS_WITH(load_profile("/nowhere/x.yaml", Accuracy::Approximate),
                    Contains("/nowhere/x.yaml: cannot be read"));
  CHECK_THROWS_AS(load_profile("", Accuracy::Approximate), UserError);
}

// Catches a variation that changes nothing, or more than it says.
TEST_CASE("features can be taken off a profile") {
  const Profile whole = load_profile("amd-zen2", Accuracy::Approximate);
  const Profile less = load_profile("amd-zen2,-npt,-smap", Accuracy::Approximate);
  CHECK(less.name == "amd-zen2,-npt,-smap");
  CHECK(less.features.size() + 2 == whole.features.size());
  CHECK(std::ranges::count(less.features, "npt") + std::ranges::count(less.features, "smap") == 0);
  CHECK(less.cost == whole.cost);
  for (const char* wrong : {"amd-zen2,", "amd-zen2,npt", "amd-zen2,-nonsense", "amd-zen2,-npt,-npt"}) {
    CHECK_THROWS_AS(load_profile(wrong, Accuracy::Approximate), UserError);
  }
}

// Catches a part of VMX that stays though it is said to be gone, a control left without what it needs (which
// no processor has: SDM vol. 3, 27.2.1.1), an ability without its control, and a name that changes nothing
// unnoticed.
TEST_CASE("parts of VMX can be taken off a profile") {
  using arch::vmx::Control;
  const auto vmx = [](const char* name) { return load_profile(name, Accuracy::Approximate).vmx; };
  const auto whole = vmx("intel-icelake"), shadow = vmx("intel-icelake,-ept");
  for (const Control gone : {Control::EnableEpt, Control::UnrestrictedGuest, Control::EnablePml,
                             Control::EptViolationVe, Control::ModeBasedExecute}) {
    CHECK(whole.has(gone));
    CHECK_FALSE(shadow.has(gone));
  }
  CHECK((whole.ept_vpid & 0xFFFF'FFFF) != 0);
  CHECK(shadow.ept_vpid == (whole.ept_vpid & ~u64{0xFFFF'FFFF}));
  CHECK(whole.vm_functions == 1);
  CHECK(shadow.vm_functions == 0);
  CHECK(vmx("intel-icelake,-vpid").ept_vpid == (whole.ept_vpid & 0xFFFF'FFFF));
  CHECK(vmx("intel-icelake,-enable EPT").allowed1[4] == shadow.allowed1[4]);

  const auto no_apicv = vmx("intel-icelake,-apicv");
  CHECK(no_apicv.allowed1[4] == (whole.allowed1[4] & ~(u32{1} << 8 | u32{1} << 9)));
  CHECK(no_apicv.allowed1[0] == (whole.allowed1[0] & ~(u32{1} << 7)));
  CHECK(no_apicv.allowed1[1] == whole.allowed1[1]);
  CHECK(vmx("intel-icelake,-unrestricted").allowed1[4] == (whole.allowed1[4] & ~(u32{1} << 7)));
  CHECK(vmx("intel-icelake,-activate secondary controls").allowed1[4] == 0);
  CHECK((vmx("intel-icelake,-preemption_timer").misc & 0x1F) == 0);
  CHECK_FALSE(vmx("intel-icelake,-rdtscp").has(Control::EnableRdtscp));

  for (const char* wrong :
       {"intel-skylake,-apicv", "intel-icelake,-ept,-ept", "intel-icelake,-ept,-unrestricted",
        "intel-icelake,-CR3-load exiting", "intel-icelake-novirt,-ept", "amd-zen2,-ept",
        "intel-icelake,-vmx,-ept", "intel-icelake,-npt"})
    CHECK_THROWS_WITH(load_profile(wrong, Accuracy::Approximate),
                      Catch::Contains("is not '-' and a feature, or a part of VMX, that the profile has"));
  const auto parts = vmx_parts(load_profile("intel-icelake", Accuracy::Approximate));
  CHECK(parts.size() == 11);
  CHECK(std::ranges::is_sorted(parts));
  CHECK(vmx_parts(load_profile("amd-zen2", Accuracy::Approximate)).empty());
  for (const std::string& part : parts)
    CHECK_FALSE(std::ranges::equal(vmx(("intel-icelake,-" + part).c_str()).allowed1, whole.allowed1));
}

// Catches a part of SVM left behind, anything else taken away, and a name that promises what was never there.
TEST_CASE("NAME-novirt is NAME without hardware assistance for virtualization") {
  const Profile whole = load_profile("amd-zen2", Accuracy::Approximate);
  const Profile bare = load_profile("amd-zen2-novirt", Accuracy::Approximate);
  CHECK(bare.name == "amd-zen2-novirt");
  std::vector<std::string> expected = whole.features;
  for (const char* gone : {"svm", "npt", "lbrv", "svm_lock", "tsc_scale", "nrip_save", "vmcb_clean",
                           "flushbyasid", "decodeassists", "pausefilter", "pfthreshold", "vgif"})
    CHECK(std::erase(expected, gone) == 1);
  CHECK(bare.features == expected);
  CHECK(bare.cost == whole.cost);
  CHECK(load_profile("amd-zen2-novirt,-smap", Accuracy::Approximate).features.size() + 1 == expected.size());
  const Profile intel = load_profile("intel-nehalem-novirt", Accuracy::Approximate);
  expected = load_profile("intel-nehalem", Accuracy::Approximate).features;
  CHECK(std::erase(expected, "vmx") == 1);
  CHECK(intel.features == expected);
  const auto names = profile_names();
  for (const char* name : {"amd-zen2-novirt", "intel-penryn-novirt", "intel-nehalem-novirt",
                           "intel-skylake-novirt", "intel-icelake-novirt"})
    CHECK(std::ranges::count(names, name) == 1);
  CHECK(std::ranges::is_sorted(names));
  CHECK_THROWS_WITH(load_profile("amd-zen2-novirt-novirt", Accuracy::Approximate),
                    Catch::Contains("unknown processor profile"));
  CHECK_THROWS_AS(load_profile("amd-zen2-novirt,-svm", Accuracy::Approximate), UserError);
}

// Catches a feature that is listed as missing though it is there, and a profile that does not tell what it
// lacks.
TEST_CASE("a profile tells what it leaves out of the real part") {
  for (const std::string& name : profile_names()) {
    const Profile profile = load_profile(name, Accuracy::Approximate);
    for (const std::string& each : profile.not_modelled)
      CHECK(std::ranges::count(profile.features, each) == 0);
  }
  for (const char* name :
       {"amd-zen2", "amd-zen2-novirt", "amd-zen2,-npt", "amd-zen4", "intel-skylake", "intel-icelake"})
    CHECK(std::ranges::count(load_profile(name, Accuracy::Approximate).not_modelled, "avx") == 1);
  const std::string good = shipped("amd-zen2");
  CHECK_THAT(complaint(replaced(good, "not_modelled: [pclmulqdq", "not_modelled: [smap")),
             Catch::Contains("HVLab implements 'smap'"));
}

TEST_CASE("a figure given for a run takes the place of the profile's") {
  const Profile profile = load_profile("amd-zen2", Accuracy::Approximate,
                                       {{"vm_exit", 1234}, {"cost.divide", 7}, {"tlb_small.ways", 8}});
  CHECK(profile.vm_exit == 1234);
  CHECK(cost(profile, CostClass::Divide) == 7);
  CHECK(profile.tlb_ways_small == 8);
  const auto figure = std::find_if(profile.figures.begin(), profile.figures.end(),
                                   [](const Figure& each) { return each.name == "vm_exit"; });
  REQUIRE(figure != profile.figures.end());
  CHECK(figure->value == 1234);
  CHECK(figure->source == "given for this run");
  using Catch::Contains;
  CHECK_THROWS_WITH(load_profile("amd-zen2", Accuracy::Approximate, {{"vm_exti", 1}}),
                    Contains("no such figure"));
  CHECK_THROWS_WITH(load_profile("amd-zen2", Accuracy::Approximate, {{"cost.divide", 0}}),
                    Contains("from 1 to"));
}
