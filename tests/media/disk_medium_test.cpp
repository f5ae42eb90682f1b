// Disks behind the BlockMedium port: order, time and bytes of completions.
#include <algorithm>
#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/base/bits.hpp"
#include "sim/media/disk_geometry.hpp"
#include "sim/media/disk_medium.hpp"

using namespace hvlab;
using namespace hvlab::media;

namespace {

constexpr u64 kGiB = u64{1} << 30;

struct Client final : BlockClient {
  struct Done {
    u64 id;
    Picoseconds time;
    bool ok;
    std::vector<u8> data;
  };
  test::FakeClock& clock;
  std::vector<Done> done;
  explicit Client(test::FakeClock& c) : clock(c) {}
  void block_done(BlockCompletion completion) override {
    done.push_back({completion.id, clock.now(), completion.ok, std::move(completion.data)});
  }
};

struct Bench {
  test::FakeClock clock;
  DiskMedium disk;
  Client client{clock};
  u64 next_id = 1;

  explicit Bench(const char* profile, u64 bytes = 64 * kGiB)
      : disk("disk", DiskImage::blank(bytes), load_disk_profile(profile), clock) {
    disk.attach(client);
  }
  u64 submit(BlockOperation operation, u64 offset, u64 bytes, u8 fill = 0) {
    BlockRequest request{next_id++, operation, offset, bytes, {}};
    if (operation == BlockOperation::Write) request.data.assign(bytes, fill);
    disk.submit(std::move(request));
    return next_id - 1;
  }
  /// Runs until everything in flight is complete; returns how long that took.
  Picoseconds finish() {
    const Picoseconds start = clock.now();
    while (disk.in_flight() != 0 && clock.next_deadline() != kNever) clock.advance_to(clock.next_deadline());
    REQUIRE(disk.in_flight() == 0);
    return clock.now() - start;
  }
  /// `count` operations of `bytes` one after the other at the offsets that `place` gives; mean time of one.
  template <typename Place>
  Picoseconds one_by_one(BlockOperation operation, unsigned count, u64 bytes, Place place) {
    const Picoseconds start = clock.now();
    for (unsigned i = 0; i < count; ++i) {
      submit(operation, place(i), bytes);
      finish();
    }
    return (clock.now() - start) / count;
  }
};

u64 anywhere(u64 capacity, test::Random& random) { return random.below(capacity / 4096) * 4096; }

}  // namespace

TEST_CASE("what is written is read back, by every kind of disk", "[media]") {
  // Catches: completions that carry the wrong bytes or the wrong request's.
  for (const char* profile : {"hdd-7200", "ssd-sata", "ssd-nvme", "ram"}) {
    Bench bench(profile);
    bench.submit(BlockOperation::Write, 8192, 1024, 0x5a);
    bench.finish();
    const u64 read = bench.submit(BlockOperation::Read, 7680, 2048);
    bench.finish();
    const auto& done = bench.client.done.back();
    CHECK(done.id == read);
    REQUIRE(done.data.size() == 2048);
    CHECK(std::count(done.data.begin(), done.data.begin() + 512, 0) == 512);
    CHECK(std::count(done.data.begin() + 512, done.data.begin() + 1536, 0x5a) == 1024);
  }
}

TEST_CASE("nothing completes inside submit, and everything completes once", "[media]") {
  Bench bench("ram");
  for (int i = 0; i < 2000; ++i) bench.submit(BlockOperation::Read, 0, 512);
  CHECK(bench.client.done.empty());
  bench.finish();
  CHECK(bench.client.done.size() == 2000);
}

TEST_CASE("a rotating disk reads in sequence far faster than at random", "[media]") {
  // Catches: a missing read-ahead (a lost revolution for every request) and missing positioning time.
  Bench bench("hdd-7200");
  test::Random random{1};
  const Picoseconds sequential =
      bench.one_by_one(BlockOperation::Read, 1000, 65536, [](unsigned i) { return u64{i} * 65536; });
  // 64 KiB at the outer zone's rate (below 135 MB/s), track changes included.
  CHECK(sequential > 485 * kMicrosecond);
  CHECK(sequential < 650 * kMicrosecond);
  const Picoseconds scattered = bench.one_by_one(BlockOperation::Read, 200, 4096,
                                                 [&](unsigned) { return anywhere(64 * kGiB, random); });
  // Half a revolution (4.17 ms) and a seek over up to 6 % of the stroke.
  CHECK(scattered > 5 * kMillisecond);
  CHECK(scattered < 12 * kMillisecond);
}

TEST_CASE("random reads over the whole rotating disk take average seek plus half a revolution", "[media]") {
  // Catches: a seek curve that misses the data sheet's average.
  Bench bench("hdd-7200", 1'000'204'886'016);
  test::Random random{2};
  const Picoseconds mean = bench.one_by_one(BlockOperation::Read, 500, 4096,
                                            [&](unsigned) { return anywhere(1'000'204'886'016, random); });
  CHECK(mean > 11'500 * kMicrosecond);
  CHECK(mean < 14'500 * kMicrosecond);
}

TEST_CASE("the platter's position is a function of time", "[media]") {
  // Catches: rotational delay drawn from anything but the clock. A head that comes back to the same sector
  // waits for whole revolutions.
  DiskProfile profile = load_disk_profile("hdd-7200");
  profile.rotating.read_segment_bytes = 0;
  const DiskGeometry geometry(profile.rotating);
  test::FakeClock clock;
  DiskMedium disk("disk", DiskImage::blank(kGiB), profile, clock);
  Client client(clock);
  disk.attach(client);
  std::vector<Picoseconds> ends;
  for (const u64 offset : {u64{0}, 512 * kGiB / 1024, u64{0}, 700 * kGiB / 1024, u64{0}}) {
    disk.submit({1, BlockOperation::Read, offset, 512, {}});
    while (disk.in_flight() != 0) clock.advance_to(clock.next_deadline());
    if (offset == 0) ends.push_back(clock.now());
  }
  CHECK((ends[1] - ends[0]) % geometry.revolution() == 0);
  CHECK((ends[2] - ends[1]) % geometry.revolution() == 0);
  CHECK(ends[1] > ends[0]);
}

TEST_CASE("command queuing serves what the head reaches first", "[media]") {
  // Catches: a queue served in the order of arrival. 32 scattered requests together take far less than one by
  // one.
  Bench together("hdd-7200"), alone("hdd-7200");
  test::Random random{3}, same{3};
  for (int i = 0; i < 32; ++i) together.submit(BlockOperation::Read, anywhere(64 * kGiB, random), 4096);
  const Picoseconds queued = together.finish();
  const Picoseconds each =
      alone.one_by_one(BlockOperation::Read, 32, 4096, [&](unsigned) { return anywhere(64 * kGiB, same); });
  CHECK(queued < 32 * each * 7 / 10);
  const auto& done = together.client.done;
  CHECK_FALSE(std::is_sorted(done.begin(), done.end(), [](auto& a, auto& b) { return a.id < b.id; }));
}

TEST_CASE("a rotating disk's write is done when its cache has it, a flush when the platter has it",
          "[media]") {
  // Catches: writes that wait for the arm, and a flush that does not.
  Bench bench("hdd-7200");
  bench.submit(BlockOperation::Write, 10 * kGiB, 4096);
  CHECK(bench.finish() < kMillisecond);
  bench.submit(BlockOperation::Flush, 0, 0);
  CHECK(bench.finish() > kMillisecond);
  bench.submit(BlockOperation::Flush, 0, 0);
  CHECK(bench.finish() < kMillisecond);
}

TEST_CASE("a full write cache slows writes to the platter's pace", "[media]") {
  Bench bench("hdd-7200");
  test::Random random{4};
  const Picoseconds mean = bench.one_by_one(BlockOperation::Write, 6000, 4096,
                                            [&](unsigned) { return anywhere(64 * kGiB, random); });
  CHECK(mean > 500 * kMicrosecond);
}

TEST_CASE("flash reads at the data sheet's rate one by one, and in parallel many times faster", "[media]") {
  // Catches: dies that do not work at the same time, and a queue depth that is not held.
  struct Expectation {
    const char* profile;
    u64 iops_alone;
    u64 least_iops_queued;
  };
  for (const auto& [profile, iops_alone, least_queued] :
       {Expectation{"ssd-sata", 10'000, 70'000}, Expectation{"ssd-nvme", 14'000, 250'000}}) {
    Bench bench(profile);
    test::Random random{5};
    const Picoseconds alone = bench.one_by_one(BlockOperation::Read, 200, 4096,
                                               [&](unsigned) { return anywhere(64 * kGiB, random); });
    CHECK(kSecond / alone > iops_alone * 95 / 100);
    CHECK(kSecond / alone < iops_alone * 105 / 100);
    for (int i = 0; i < 2000; ++i) bench.submit(BlockOperation::Read, anywhere(64 * kGiB, random), 4096);
    CHECK(2000 * kSecond / bench.finish() > least_queued);
  }
}

TEST_CASE("flash cannot write faster than it programs once its buffer is full", "[media]") {
  // Catches: a write buffer without a bottom. Samsung 850 EVO: 520 MB/s sustained.
  Bench bench("ssd-sata");
  const u64 bytes = kGiB;
  for (u64 offset = 0; offset < bytes; offset += 1 << 20)
    bench.submit(BlockOperation::Write, offset, 1 << 20);
  const u64 rate = scale(bytes, kSecond, bench.finish());
  CHECK(rate > 500'000'000);
  CHECK(rate < 560'000'000);
}

TEST_CASE("the link bounds what a disk delivers", "[media]") {
  Bench bench("ssd-nvme");
  for (u64 offset = 0; offset < kGiB; offset += 1 << 20) bench.submit(BlockOperation::Read, offset, 1 << 20);
  const u64 rate = scale(kGiB, kSecond, bench.finish());
  CHECK(rate <= 3'200'000'000);
  CHECK(rate > 3'000'000'000);
}

TEST_CASE("a request outside the disk or a write to a read-only one completes as failed", "[media]") {
  Bench bench("ram", 4096);
  bench.submit(BlockOperation::Read, 4096, 512);
  bench.submit(BlockOperation::Read, 0, 8192);
  bench.submit(BlockOperation::Write, ~u64{511}, 1024);
  bench.submit(BlockOperation::Read, 3584, 512);
  bench.finish();
  std::vector<bool> ok(5);
  for (const auto& done : bench.client.done) ok[done.id] = done.ok;
  CHECK(ok == std::vector<bool>{false, false, false, false, true});
}

TEST_CASE("abandoned requests do not complete and their writes do not happen", "[media]") {
  // Catches: a controller reset after which old data still arrives.
  for (const char* profile : {"hdd-7200", "ssd-nvme"}) {
    Bench bench(profile);
    for (int i = 0; i < 100; ++i) bench.submit(BlockOperation::Write, u64(i) << 20, 4096, 0xff);
    bench.disk.abandon();
    bench.clock.advance(kSecond);
    CHECK(bench.client.done.empty());
    bench.submit(BlockOperation::Read, 0, 4096);
    bench.finish();
    CHECK(bench.client.done.back().data == std::vector<u8>(4096, 0));
  }
}

TEST_CASE("two runs of the same requests complete alike, to the picosecond", "[media]") {
  const auto run = [](const char* profile) {
    Bench bench(profile);
    test::Random random{6};
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 20; ++i) {
        const bool write = random.below(3) == 0;
        bench.submit(write ? BlockOperation::Write : BlockOperation::Read, anywhere(kGiB, random), 4096);
      }
      if (random.below(2) == 0) bench.submit(BlockOperation::Flush, 0, 0);
      bench.clock.advance(random.below(20 * kMillisecond));
    }
    bench.finish();
    std::vector<std::pair<u64, Picoseconds>> log;
    log.reserve(bench.client.done.size());
    for (const auto& done : bench.client.done) log.emplace_back(done.id, done.time);
    return log;
  };
  for (const char* profile : {"hdd-7200", "ssd-sata", "ssd-nvme", "ram"}) CHECK(run(profile) == run(profile));
}
