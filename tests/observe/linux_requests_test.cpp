// A request's particulars read from kernel memory by the offsets that a kernel image tells.
#include "sim/observe/linux_requests.hpp"

#include <catch2/catch.hpp>

#include "sample_linux.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

using sample::kBanner, sample::kBase, sample::kSlide;

constexpr u64 kRequest = 0x1000, kBio = 0x2000, kSecondBio = 0x2100, kVectors = 0x3000, kPages = 0x10'0000;

std::optional<LinuxRequests> kernel(std::string_view without_member = "",
                                    std::string_view without_symbol = "") {
  std::vector<Symbol> symbols;
  const sample::Image image = sample::linux_image(without_member, without_symbol, symbols);
  return LinuxRequests::from_vmlinux(image, SymbolTable(std::move(symbols)));
}

/// Kernel memory with requests in it.
struct Memory : sample::Memory {
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
  CHECK(linux_kernel->addresses().size() == 10);
  CHECK(kernel("", "udp_sendmsg"));
  CHECK(kernel("", "__icmp_send"));
  CHECK(kernel("", "__blk_mq_end_request"));
  CHECK_FALSE(kernel("", "__switch_to"));
  CHECK_FALSE(kernel("", "vmemmap_base"));
  CHECK_FALSE(kernel("bi_bvec_done"));
}
