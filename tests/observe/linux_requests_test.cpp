// A request's particulars read from kernel memory by the offsets that a kernel image tells.
#include "sim/observe/linux_requests.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "sample_kernel.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

constexpr u64 kBase = 0xFFFF'FFFF'8100'0000, kSlide = 0x20'0000;
constexpr u64 kRequest = 0x1000, kBio = 0x2000, kSecondBio = 0x2100, kVectors = 0x3000, kPages = 0x10'0000;
constexpr char kBanner[] = "Linux version 0 (us@here) #1 today\n";

struct Field {
  const char* structure;
  const char* name;
  u32 offset;
};
/// Offsets that no kernel has.
constexpr Field kFields[] = {{"request", "__sector", 8},
                             {"request", "__data_len", 24},
                             {"request", "cmd_flags", 28},
                             {"request", "bio", 32},
                             {"request", "q", 40},
                             {"bio", "bi_next", 16},
                             {"bio", "bi_io_vec", 24},
                             {"bio", "bi_iter", 64},
                             {"bvec_iter", "bi_size", 8},
                             {"bvec_iter", "bi_idx", 12},
                             {"bvec_iter", "bi_bvec_done", 16},
                             {"bio_vec", "bv_page", 0},
                             {"bio_vec", "bv_len", 8},
                             {"bio_vec", "bv_offset", 12},
                             {"sk_buff", "len", 112},
                             {"page", "flags", 0}};
constexpr std::pair<const char*, u32> kSizes[] = {{"request", 48}, {"bio", 96},      {"bvec_iter", 20},
                                                  {"bio_vec", 16}, {"sk_buff", 200}, {"page", 64}};

sample::Image types_without(std::string_view left_out) {
  std::string names(1, '\0');
  const auto name = [&](const std::string& text) {
    names += text + '\0';
    return static_cast<u32>(names.size() - text.size() - 1);
  };
  sample::Image types;
  for (const u32 each : {name("int"), 1u << 24, 4u, 0x0100'0020u}) sample::append(types, each);
  for (const auto& [structure, bytes] : kSizes) {
    sample::Image members;
    u32 count = 0;
    for (const Field& field : kFields) {
      if (field.structure != std::string_view(structure) || field.name == left_out) continue;
      ++count;
      for (const u32 each : {name(field.name), 1u, field.offset * 8}) sample::append(members, each);
    }
    for (const u32 each : {name(structure), 4u << 24 | count, bytes}) sample::append(types, each);
    types.insert(types.end(), members.begin(), members.end());
  }
  sample::Image image;
  sample::append(image, u16{0xEB9F});
  sample::append(image, u16{1});
  const u32 type_bytes = static_cast<u32>(types.size()), name_bytes = static_cast<u32>(names.size());
  for (const u32 each : {24u, 0u, type_bytes, type_bytes, name_bytes}) sample::append(image, each);
  image.insert(image.end(), types.begin(), types.end());
  image.insert(image.end(), names.begin(), names.end());
  return image;
}

std::optional<LinuxRequests> kernel(std::string_view without_member = "",
                                    std::string_view without_symbol = "") {
  sample::Image data(4096, 0);
  std::memcpy(data.data() + 0x100, kBanner, sizeof kBanner);
  std::vector<Symbol> symbols;
  u64 at = kBase + 0x200;
  for (const char* each :
       {"blk_mq_submit_bio", "blk_mq_start_request", "blk_mq_end_request", "__blk_mq_end_request",
        "udp_sendmsg", "__udp_enqueue_schedule_skb", "try_to_wake_up", "wake_up_new_task", "__switch_to",
        "entry_SYSCALL_64", "vmemmap_base", "current_task", "linux_banner"}) {
    if (each == without_symbol) continue;
    const bool banner = std::string_view(each) == "linux_banner";
    symbols.push_back({banner ? kBase + 0x100 : at += 0x10, 'T', each});
  }
  const sample::Image image = sample::elf(data, types_without(without_member), kBase);
  return LinuxRequests::from_vmlinux(image, SymbolTable(std::move(symbols)));
}

/// Kernel memory, a few words of it.
struct Memory {
  std::map<u64, u8> bytes;
  template <class T>
  void put(u64 address, T value) {
    for (unsigned i = 0; i < sizeof value; ++i) bytes[address + i] = static_cast<u8>(u64{value} >> 8 * i);
  }
  LinuxRequests::Read read() const {
    return [this](u64 address, void* to, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        const auto found = bytes.find(address + i);
        if (found == bytes.end()) return false;
        static_cast<u8*>(to)[i] = found->second;
      }
      return true;
    };
  }
  void vector(u64 at, u64 page, u32 length, u32 offset) {
    put<u64>(at, kPages + page * 64);
    put<u32>(at + 8, length);
    put<u32>(at + 12, offset);
  }
  void bio(u64 at, u64 next, u64 vectors, u32 size, u32 index, u32 done) {
    put<u64>(at + 16, next);
    put<u64>(at + 24, vectors);
    put<u32>(at + 64 + 8, size);
    put<u32>(at + 64 + 12, index);
    put<u32>(at + 64 + 16, done);
  }
  void request(u32 flags, u64 sector, u32 length) {
    put<u64>(kRequest + 8, sector);
    put<u32>(kRequest + 24, length);
    put<u32>(kRequest + 28, flags);
    put<u64>(kRequest + 32, kBio);
    put<u64>(kRequest + 40, u64{0x77});
  }
};

const LinuxRequests::Resolve kSame = [](u64 page) { return std::optional<u64>(page); };

}  // namespace

// Catches offsets taken from the wrong member, lists read beyond their end, and pages left out where a vector
// spans them.
TEST_CASE("A request's memory is that of its bios' vectors, from where their iterators stand") {
  const auto linux_kernel = kernel();
  REQUIRE(linux_kernel);
  Memory m;
  m.put<u64>(kBase + 0x200 + 0x10 * 11 + kSlide, kPages);  // vmemmap_base
  m.request(0x801, 1234, 4096 + 512 + 8192 + 1024);
  m.bio(kBio, kSecondBio, kVectors, 4096 + 512, 1, 512);
  m.vector(kVectors, 99, 4096, 0);            // done with
  m.vector(kVectors + 16, 5, 4096 + 512, 0);  // the first 512 bytes too
  m.vector(kVectors + 32, 6, 512, 1024);
  m.bio(kSecondBio, 0, kVectors + 48, 8192 + 1024, 0, 0);
  m.vector(kVectors + 48, 8, 8192, 0);  // two pages in one
  m.vector(kVectors + 64, 20, 4096, 3072);
  const IoFacts facts = linux_kernel->read_request(kRequest, kSlide, m.read(), kSame);
  CHECK(facts.operation == IoOperation::Write);
  CHECK(facts.sector == 1234);
  CHECK(facts.bytes == 4096 + 512 + 8192 + 1024);
  CHECK(facts.queue == 0x77);
  CHECK(facts.pages == std::vector<u64>{0x5000, 0x6000, 0x6000, 0x8000, 0x9000, 0x14000});
  CHECK(linux_kernel->first_bio(kRequest, m.read()) == kBio);
  CHECK_FALSE(linux_kernel->is_empty(kBio, m.read()));
}

// Catches memory made up where it is not known, and a broken list that is read for ever.
TEST_CASE("Memory that cannot be told is not told") {
  const auto linux_kernel = kernel();
  REQUIRE(linux_kernel);
  Memory m;
  m.put<u64>(kBase + 0x200 + 0x10 * 11 + kSlide, kPages);
  m.request(0, 8, 0xFFFF'F000);
  m.bio(kBio, kBio, kVectors, 4096, 0, 0);
  m.vector(kVectors, 5, 4096, 0);
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), kSame).pages.empty());
  m.request(0, 8, 4096);
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), kSame).pages.size() == 1);
  const auto nowhere = [](u64) { return std::optional<u64>(); };
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), nowhere).pages.empty());
  m.put<u32>(kVectors + 8, 0);
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), kSame).pages.empty());
  m.request(2, 8, 4096);
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), kSame).operation == IoOperation::Flush);
  m.request(34, 8, 4096);
  CHECK(linux_kernel->read_request(kRequest, kSlide, m.read(), kSame).operation == IoOperation::Other);
}

// Catches another kernel taken for this one, and one that lacks something taken all the same.
TEST_CASE("A kernel is known by its entry and its banner, and has all that is needed") {
  const auto linux_kernel = kernel();
  REQUIRE(linux_kernel);
  CHECK(linux_kernel->slide_of(kBase + 0x200 + 0x10 * 10 + kSlide) == kSlide);
  CHECK_FALSE(linux_kernel->slide_of(kBase));
  Memory m;
  for (size_t i = 0; i < sizeof kBanner; ++i)
    m.put<u8>(kBase + 0x100 + kSlide + i, static_cast<u8>(kBanner[i]));
  CHECK(linux_kernel->runs_at(kSlide, m.read()));
  CHECK_FALSE(linux_kernel->runs_at(0, m.read()));
  m.put<u8>(kBase + 0x100 + kSlide + 5, 'X');
  CHECK_FALSE(linux_kernel->runs_at(kSlide, m.read()));
  CHECK(linux_kernel->addresses().size() == 9);
  CHECK(kernel("", "udp_sendmsg"));
  CHECK(kernel("", "__blk_mq_end_request"));
  CHECK_FALSE(kernel("", "__switch_to"));
  CHECK_FALSE(kernel("", "vmemmap_base"));
  CHECK_FALSE(kernel("bi_bvec_done"));
}
