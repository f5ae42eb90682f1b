#include "sim/timing/cpuid_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/arch/features.hpp"

namespace hvlab::timing {
namespace {

using arch::CpuidCache;
using arch::CpuidLeaves;
using arch::CpuidWords;

constexpr u32 kExtended = 0x8000'0000;

/// Where a feature stands, or what else it needs CPUID to tell.
struct Place {
  const char* feature;
  u32 leaf;
};
constexpr Place kPlaces[] = {
#define FEATURE(id, name, leaf, reg, bit) {name, leaf},
#include "sim/arch/features.inc"
#undef FEATURE
    {"monitor", 5},  // sizes of the monitored line
    {"x2apic", 0xB},  {"xsave", 0xD},  {"xsaveopt", 0xD},    {"xsavec", 0xD},
    {"xgetbv1", 0xD}, {"xsaves", 0xD}, {"svm", 0x8000'000A},
};

/// Leaves that HVLab makes from the rest of the profile and the state of the processor.
constexpr u32 kMade[] = {0x0,         0x1,         0x4,         0x5,         0x7,         0xB,
                         0xD,         0x15,        0x16,        0x8000'0000, 0x8000'0002, 0x8000'0003,
                         0x8000'0004, 0x8000'0008, 0x8000'000A, 0x8000'001D, 0x8000'001E};

bool is_made(u32 leaf) {
  return std::ranges::count(kMade, leaf) != 0 || std::ranges::count(kPlaces, leaf, &Place::leaf) != 0;
}

bool reached(u32 leaf, const CpuidLeaves& leaves) {
  return leaf <= (leaf < kExtended ? leaves.basic_maximum : leaves.extended_maximum);
}

template <class T>
struct Word {
  const char* name;
  T value;
};
constexpr Word<CpuidCache::Type> kTypes[] = {{"data", CpuidCache::Type::Data},
                                             {"instruction", CpuidCache::Type::Instruction},
                                             {"unified", CpuidCache::Type::Unified}};
constexpr Word<u8> kProperties[] = {{"wbinvd_own", CpuidCache::kWbinvdOwn},
                                    {"inclusive", CpuidCache::kInclusive},
                                    {"hashed", CpuidCache::kHashed}};

/// The value called `text` in `words`; complains at `node` with all names.
template <class T, size_t N>
T find_word(const YamlMap& map, const YAML::Node& node, const Word<T> (&words)[N], const std::string& text) {
  std::string known;
  for (const Word<T>& word : words) {
    if (text == word.name) return word.value;
    known += (known.empty() ? "" : ", ") + std::string(word.name);
  }
  map.fail(node, "'" + text + "' must be one of " + known);
}

CpuidCache read_cache(YamlMap& map) {
  CpuidCache cache;
  cache.level = static_cast<u8>(map.take_integer("level", 1, 4));
  cache.type = find_word(map, map.node(), kTypes, map.take_text("type"));
  cache.kibibytes = static_cast<u32>(map.take_integer("kib", 1, 1 << 20));
  cache.ways = static_cast<u32>(map.take_integer("ways", 1, 1024));
  cache.cores = static_cast<u8>(map.take_integer("cores", 0, 255));
  if (map.has("properties")) {
    for (const std::string& each : map.take_list("properties"))
      cache.properties |= find_word(map, map.node(), kProperties, each);
  }
  map.finish();
  constexpr u32 kLine = 64;
  if (cache.kibibytes * 1024 % (kLine * cache.ways) != 0)
    map.fail(map.node(), "a cache's size must be a multiple of its ways times 64 bytes");
  return cache;
}

CpuidWords read_words(YamlMap& map, const CpuidLeaves& leaves) {
  constexpr u32 kMost = 0xFFFF'FFFF;
  const auto take = [&](const char* key) { return static_cast<u32>(map.take_integer(key, 0, kMost)); };
  CpuidWords words;
  words.leaf = take("leaf");
  if (map.has("subleaf")) words.subleaf = static_cast<u32>(map.take_integer("subleaf", 0, 255));
  words.eax = take("eax"), words.ebx = take("ebx"), words.ecx = take("ecx"), words.edx = take("edx");
  map.finish();
  if (is_made(words.leaf))
    map.fail(map.node(), fmt::format("leaf {:X}h follows from the rest of the profile", words.leaf));
  if (!reached(words.leaf, leaves))
    map.fail(map.node(), fmt::format("leaf {:X}h is beyond the highest one", words.leaf));
  return words;
}

void read_word_list(YamlMap& map, CpuidLeaves& leaves) {
  size_t n = 0;
  for (YamlMap& item : map.take_maps("words", CpuidLeaves::kMostWords)) {
    const CpuidWords words = read_words(item, leaves);
    for (size_t i = 0; i < n; ++i) {
      const CpuidWords& other = leaves.words[i];
      const bool any = other.subleaf == CpuidWords::kAnySubleaf || words.subleaf == CpuidWords::kAnySubleaf;
      if (other.leaf == words.leaf && (any || other.subleaf == words.subleaf))
        item.fail(item.node(), fmt::format("leaf {:X}h is given twice", words.leaf));
    }
    leaves.words[n++] = words;
  }
}

void check_features(const YamlMap& file, const YAML::Node& features, const CpuidLeaves& leaves) {
  for (const auto& item : features)
    for (const Place& place : kPlaces)
      if (item.Scalar() == place.feature && place.leaf != ~0u && !reached(place.leaf, leaves))
        file.fail(item, fmt::format("feature '{}' needs CPUID leaf {:X}h, which is beyond the highest one",
                                    place.feature, place.leaf));
}

}  // namespace

void read_cpuid(YamlMap& file, Profile& profile) {
  YamlMap map = file.take_map("cpuid");
  CpuidLeaves& leaves = profile.leaves;
  leaves.basic_maximum = static_cast<u32>(map.take_integer("basic_maximum", 1, 0xFF));
  leaves.extended_maximum = static_cast<u32>(map.take_integer("extended_maximum", 0x8000'0004, 0x8000'00FF));
  size_t n = 0;
  for (YamlMap& cache : map.take_maps("caches", CpuidLeaves::kMostCaches))
    leaves.caches[n++] = read_cache(cache);
  read_word_list(map, leaves);
  if (std::ranges::count(profile.features, "svm") != 0) {
    YamlMap svm = map.take_map("svm");
    leaves.svm_revision = static_cast<u32>(svm.take_integer("revision", 1, 0xFF));
    leaves.svm_asids = static_cast<u32>(svm.take_integer("asids", 2, 1 << 24));
    svm.finish();
  }
  map.finish();
  check_features(file, file.take("features"), leaves);
}

}  // namespace hvlab::timing
