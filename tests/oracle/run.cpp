#include "run.hpp"

#include <cpuid.h>

#include <cstring>

#include "compare.hpp"
#include "generate.hpp"
#include "host.hpp"
#include "ours.hpp"
#include "undefined.hpp"

namespace hvlab::oracle {

namespace {

bool host_has(u32 leaf, char reg, unsigned number) {
  if (leaf == ~0u) return true;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(leaf, 0, &a, &b, &c, &d)) return false;
  const unsigned value = reg == 'a' ? a : reg == 'b' ? b : reg == 'c' ? c : d;
  return (value >> number & 1) != 0;
}

arch::FeatureSet host_features(std::vector<std::string>& absent) {
  arch::FeatureSet set;
#define FEATURE(id, name, leaf, reg, number)         \
  if (host_has(leaf, reg, number)) {                 \
    set.set(static_cast<size_t>(arch::Feature::id)); \
  } else {                                           \
    absent.push_back(name);                          \
  }
#include "sim/arch/features.inc"
#undef FEATURE
  return set;
}

bool host_is_amd() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid(0, &a, &b, &c, &d);
  return b == signature_AMD_ebx;
}

timing::Profile profile(const arch::FeatureSet& features, bool amd) {
  timing::Profile p = test::everything();
  p.vendor = amd ? "AuthenticAMD" : "GenuineIntel";
  p.features.clear();
  for (size_t i = 1; i < features.size(); ++i)
    if (features.test(i)) p.features.push_back(arch::name(static_cast<arch::Feature>(i)));
  return p;
}

/// Changes words that name the descriptor which depends on the host's processor.
void avoid_hosts_own(u8* bytes, size_t count) {
  for (size_t i = 0; i + 1 < count; ++i)
    if (((bytes[i] | bytes[i + 1] << 8) & ~3) == kHostsOwn) bytes[i] ^= 0x80;
}

struct Session {
  explicit Session(const Options& chosen) : options(chosen) {}

  const Options& options;
  Report report;
  arch::FeatureSet features = host_features(report.absent);
  bool amd = host_is_amd();
  Generator generator{features, amd};
  Host host;
  Ours ours{profile(features, amd)};
  std::vector<u8> data = std::vector<u8>(kDataBytes), constants = std::vector<u8>(kPage);
  std::vector<Case> cases;
  std::vector<Result> results = std::vector<Result>(Host::kBatch);
  std::vector<u64> compared_by_form = std::vector<u64>(generator.forms().size());
  u64 shown = 0;

  /// A batch shares its memory; case `i` of it depends on nothing else but the seed.
  void begin(u64 seed, u64 batch) {
    Random random(seed * 0x1'0000'0001 + batch);
    fill(random, data.data(), data.size());
    fill(random, constants.data(), constants.size());
    avoid_hosts_own(data.data(), data.size());
    avoid_hosts_own(constants.data(), constants.size());
    ours.memory(data.data(), constants.data());
  }

  Case generate(u64 seed, u64 number) {
    Random random((seed << 40) ^ (number + 1) * 0x2545'F491'4F6C'DD1D);
    return generator.next(random, data.data(), number);
  }

  std::string differ(const Case& c, const Result& on_host) {
    Result on_ours = ours.run(c);
    if (options.spoil) options.spoil(c, on_ours);
    return differences(c, on_host, on_ours, data.data());
  }

  std::string compare(const Case& c) {
    Result on_host;
    host.run({&c, 1}, data.data(), constants.data(), {&on_host, 1});
    if (on_host.status != Status::Done || incomparable(c, on_host) != nullptr) return {};
    return differ(c, on_host);
  }

  /// Takes away from `c` what the failure does not need.
  Case shrink(Case c) {
    const auto attempt = [&](auto change) {
      Case simpler = c;
      change(simpler);
      // Unlike padding only makes it compare once more. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
      if (std::memcmp(&simpler, &c, sizeof c) != 0 && !compare(simpler).empty()) c = simpler;
    };
    attempt([](Case& s) { s.in.fx = FxImage{}; });
    for (unsigned i = 0; i < 16; ++i) {
      attempt([i](Case& s) { s.in.gpr[i] = 0; });
      attempt([i](Case& s) { s.in.fx.xmm[i][0] = s.in.fx.xmm[i][1] = 0; });
      if (i < 8) attempt([i](Case& s) { s.in.fx.st[i] = {}; });
    }
    attempt([](Case& s) { s.in.rflags = 0x202; });
    attempt([](Case& s) { s.in.rflags &= ~u64{0x100}; });
    attempt([](Case& s) { s.in.fx.mxcsr = 0x1F80; });
    attempt([](Case& s) { s.in.fx.control = 0x37F; });
    attempt([](Case& s) { s.in.fx.status = 0; });
    attempt([](Case& s) { s.in.fx.valid = 0xFF; });
    return c;
  }

  void failed(u64 number, const Case& c, const std::string& what) {
    const std::string name = decode::name(static_cast<decode::Mnemonic>(c.mnemonic));
    ++report.failed;
    if (report.failed_by_mnemonic[name]++ >= 2 || shown >= options.failures_shown) return;
    ++shown;
    const Case small = shrink(c);
    report.failures += "case " + std::to_string(number) + " of seed " + std::to_string(options.seed) + "\n" +
                       what + "shrunk to " + describe(small) + memory_of(small) + compare(small) + "\n";
  }

  std::string memory_of(const Case& c) const {
    if (c.target < kData || c.target + 16 > kData + kDataBytes) return {};
    std::string text = "  memory ";
    for (unsigned i = 0; i < 16; ++i) {
      char digits[4];
      std::snprintf(digits, sizeof digits, "%02x ", data[c.target - kData + i]);
      text += digits;
    }
    return text + "\n";
  }

  void finish(u64 number, const Case& c, const Result& on_host) {
    if (on_host.status == Status::TimedOut) ++report.timed_out;
    if (on_host.status != Status::Done) return;
    // A form that is known to differ has had its turn.
    if (known_difference(c, on_host) != nullptr) ++compared_by_form[c.form];
    if (incomparable(c, on_host) != nullptr) return;
    ++report.compared;
    ++report.compared_by_mnemonic[decode::name(static_cast<decode::Mnemonic>(c.mnemonic))];
    ++compared_by_form[c.form];
    const std::string what = differ(c, on_host);
    if (!what.empty()) failed(number, c, what);
  }

  void batch(u64 first, u64 count) {
    begin(options.seed, first / Host::kBatch);
    cases.clear();
    std::vector<u64> numbers;
    for (u64 n = first; n < first + count; ++n) {
      if (options.only != ~u64{0} && n != options.only) continue;
      const Case c = generate(options.seed, n);
      if (!options.mnemonic.empty() &&
          options.mnemonic != decode::name(static_cast<decode::Mnemonic>(c.mnemonic)))
        continue;
      cases.push_back(c);
      numbers.push_back(n);
    }
    const std::vector<Case> all = cases;
    host.run(all, data.data(), constants.data(), results);
    const std::vector<Result> on_host(results.begin(), results.begin() + static_cast<long>(all.size()));
    for (size_t i = 0; i < all.size(); ++i) finish(numbers[i], all[i], on_host[i]);
  }
};

}  // namespace

Report run(const Options& options) {
  Session session(options);
  for (u64 first = 0; first < options.cases; first += Host::kBatch) {
    if (options.only != ~u64{0} && (options.only < first || options.only >= first + Host::kBatch)) continue;
    if (options.go_on && !options.go_on(first)) break;
    session.batch(first, std::min(Host::kBatch, options.cases - first));
  }
  Report& report = session.report;
  report.lost = session.host.lost();
  const auto& forms = session.generator.forms();
  report.forms = forms.size();
  for (size_t i = 0; i < forms.size(); ++i)
    if (session.compared_by_form[i] == 0)
      report.never_formed.push_back(describe(forms[i].encoding, forms[i].code_bytes));
  return report;
}

}  // namespace hvlab::oracle
