// Would catch: a ring that loses, repeats or mixes up entries, one that fails to tell a side that sleeps, one
// that believes the other side's indices; grants that let in whom they should not.
#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "hv-models/interdomain/grant_table.hpp"
#include "hv-models/interdomain/split_devices.hpp"

using namespace hvlab;
using namespace hvlab::interdomain;

namespace {

struct Pair {
  FrameRing::Page page = {};
  FrameRing::Front front;
  FrameRing::Back back;
  Pair() {
    front.set_up(&page);
    back.set_up(&page);
  }
};

FrameRing::Request request(u16 id) {
  FrameRing::Request r = {};
  r.id = id;
  r.bytes = 64;
  r.grant = id + 100u;
  return r;
}

}  // namespace

TEST_CASE("requests arrive in order, responses in the order in which they were given") {
  Pair pair;
  for (u16 id = 0; id < 3; ++id) REQUIRE(pair.front.put(request(id)));
  FrameRing::Request got = {};
  CHECK_FALSE(pair.back.take(got));  // not published
  pair.front.publish();
  for (u16 id = 0; id < 3; ++id) {
    REQUIRE(pair.back.take(got));
    CHECK((got.id == id && got.grant == id + 100u));
  }
  CHECK_FALSE(pair.back.take(got));
  FrameRing::Response response = {};
  CHECK_FALSE(pair.front.take(response));
  for (const u16 id : {u16{2}, u16{0}, u16{1}}) pair.back.answer({id, 0, 0, 0, 0});
  for (const u16 id : {u16{2}, u16{0}, u16{1}}) {
    REQUIRE(pair.front.take(response));
    CHECK(response.id == id);
  }
  CHECK_FALSE(pair.front.take(response));
}

TEST_CASE("a full ring takes no more until a response has been taken") {
  Pair pair;
  for (u16 id = 0; id < FrameRing::Page::kEntries; ++id) REQUIRE(pair.front.put(request(id)));
  CHECK(pair.front.is_full());
  CHECK_FALSE(pair.front.put(request(99)));
  pair.front.publish();
  FrameRing::Request got = {};
  REQUIRE(pair.back.take(got));
  pair.back.answer({got.id, 0, 0, 0, 0});
  CHECK_FALSE(pair.front.put(request(99)));
  FrameRing::Response response = {};
  REQUIRE(pair.front.take(response));
  CHECK(pair.front.put(request(99)));
}

TEST_CASE("a side that sleeps is told, one that is awake is not") {
  Pair pair;
  CHECK_FALSE(pair.back.wait());
  REQUIRE(pair.front.put(request(0)));
  CHECK(pair.front.publish());  // it waits for the first
  REQUIRE(pair.front.put(request(1)));
  CHECK_FALSE(pair.front.publish());  // it has been told, and will look
  CHECK(pair.back.wait());            // something is there: it must not sleep
  FrameRing::Request got = {};
  REQUIRE((pair.back.take(got) && pair.back.take(got)));
  CHECK_FALSE(pair.back.wait());
  CHECK_FALSE(pair.front.wait());
  CHECK(pair.back.answer({0, 0, 0, 0, 0}));
  CHECK_FALSE(pair.back.answer({1, 0, 0, 0, 0}));
}

TEST_CASE("any order of the two sides' steps loses nothing and never leaves both asleep") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Pair pair;
    std::deque<u16> taken;
    bool back_told = true, front_told = true;
    unsigned put = 0, done = 0;
    constexpr unsigned kAll = 500;
    for (unsigned steps = 0; done < kAll; ++steps) {
      REQUIRE(steps < 100'000);
      if (random() % 2 == 0) {  // the front end: fills, publishes; takes responses when told
        while (put < kAll && random() % 4 != 0 && pair.front.put(request(static_cast<u16>(put)))) ++put;
        back_told = pair.front.publish() || back_told;
        FrameRing::Response response = {};
        if (!front_told) continue;
        while (pair.front.take(response)) ++done;
        front_told = pair.front.wait();
      } else {
        FrameRing::Request got = {};
        if (back_told) {
          while (random() % 4 != 0 && pair.back.take(got)) taken.push_back(got.id);
          if (!pair.back.take(got)) {
            back_told = pair.back.wait();
          } else {
            taken.push_back(got.id);
          }
        }
        while (!taken.empty() && random() % 3 != 0) {
          front_told = pair.back.answer({taken.front(), 0, 0, 0, 0}) || front_told;
          taken.pop_front();
        }
      }
    }
    CHECK(taken.empty());
  }
}

TEST_CASE("indices that the other side cannot have are as good as none") {
  Pair pair;
  REQUIRE(pair.front.put(request(0)));
  pair.front.publish();
  FrameRing::Response response = {};
  FrameRing::Request got = {};
  SECTION("more requests than there are entries") {
    pair.page.requests = FrameRing::Page::kEntries + 1;
    CHECK_FALSE(pair.back.take(got));
    CHECK_FALSE(pair.back.wait());
  }
  SECTION("a request index that goes back") {
    REQUIRE(pair.back.take(got));
    pair.page.requests = 0;
    CHECK_FALSE(pair.back.take(got));
  }
  SECTION("responses to what was never asked") {
    pair.page.responses = 7;
    CHECK(pair.front.take(response));  // the one request can have one answer
    CHECK_FALSE(pair.front.take(response));
    CHECK_FALSE(pair.front.wait());
  }
}

TEST_CASE("a grant lets in the machine it names, as it says, and stays while it is used") {
  GrantUses uses;
  const GrantEntry entry{77, 2, kGranted, 0}, read_only{78, 2, kGranted | kReadOnly, 0};
  using enum GrantUses::Answer;
  CHECK(uses.begin(3, entry, 2, true) == Yes);
  CHECK(uses.page(3) == 77);
  CHECK(uses.is_used(3));
  CHECK(uses.begin(3, entry, 1, false) == NotForYou);
  CHECK(uses.begin(4, {77, 2, 0, 0}, 2, false) == NoSuchGrant);
  CHECK(uses.begin(kGrants, entry, 2, false) == NoSuchGrant);
  CHECK(uses.begin(5, read_only, 2, true) == ReadOnly);
  CHECK(uses.begin(5, read_only, 2, false) == Yes);
  CHECK(uses.end(3));
  CHECK_FALSE(uses.is_used(3));
  CHECK_FALSE(uses.end(3));
  CHECK_FALSE(uses.end(kGrants));
  for (int i = 0; i < 255; ++i) REQUIRE(uses.begin(6, entry, 2, false) == Yes);
  CHECK(uses.begin(6, entry, 2, false) == TooOften);
}

// Would catch: a page of a guest's that goes away while another use of it is under way, or stays for good;
// one that can be written because another use may.
TEST_CASE("several grants of one page are one page") {
  GrantUses uses;
  using Rights = GrantUses::Rights;
  const GrantEntry page = {77, 0, kGranted, 0}, far = {77 + 256, 0, kGranted, 0};
  CHECK(uses.rights(77) == Rights::None);
  REQUIRE(uses.begin(1, page, 0, false) == GrantUses::Answer::Yes);
  CHECK(uses.rights(77) == Rights::Read);
  CHECK(uses.rights(77 + 256) == Rights::None);
  REQUIRE(uses.begin(2, page, 0, true) == GrantUses::Answer::Yes);
  REQUIRE(uses.begin(3, far, 0, true) == GrantUses::Answer::Yes);
  CHECK(uses.rights(77) == Rights::Write);
  REQUIRE(uses.end(2));
  CHECK(uses.rights(77) == Rights::Read);
  REQUIRE(uses.end(1));
  CHECK(uses.rights(77) == Rights::None);
  CHECK(uses.rights(77 + 256) == Rights::Write);
  CHECK_FALSE(uses.end(1));
}

// Would catch: uses of which only the last one's page is taken back.
TEST_CASE("a grant that is in use is of the page that it was of") {
  GrantUses uses;
  const GrantEntry first = {5, 0, kGranted, 0}, second = {6, 0, kGranted, 0};
  REQUIRE(uses.begin(9, first, 0, true) == GrantUses::Answer::Yes);
  CHECK(uses.begin(9, second, 0, true) == GrantUses::Answer::AnotherPage);
  CHECK(uses.begin(9, first, 0, true) == GrantUses::Answer::Yes);
  REQUIRE((uses.end(9) && uses.end(9)));
  CHECK(uses.begin(9, second, 0, true) == GrantUses::Answer::Yes);
  CHECK(uses.page(9) == 6);
}

// Would catch: chains of uses that lose or keep one (against a plain count).
TEST_CASE("uses by chance are told apart by page") {
  std::mt19937 random(3);
  GrantUses uses;
  std::array<std::deque<bool>, kGrants> begun;
  std::array<u32, kGrants> pages = {};
  for (unsigned i = 0; i < 20'000; ++i) {
    const u32 number = static_cast<u32>(random() % 24),
              page = static_cast<u32>(random() % 3 * 256 + random() % 2);
    const bool write = random() % 4 == 0;
    if (random() % 2 == 0 && begun[number].size() < 200) {
      const bool other = !begun[number].empty() && pages[number] != page;
      const auto answer = uses.begin(number, {page, 0, kGranted, 0}, 0, write);
      REQUIRE(answer == (other ? GrantUses::Answer::AnotherPage : GrantUses::Answer::Yes));
      if (other) continue;
      pages[number] = page;
      begun[number].push_back(write);
    } else {
      REQUIRE(uses.end(number) == !begun[number].empty());
      if (!begun[number].empty()) begun[number].pop_front();
    }
    bool used = false;
    for (u32 n = 0; n < kGrants; ++n) used = used || (!begun[n].empty() && pages[n] == page);
    REQUIRE((uses.rights(page) != GrantUses::Rights::None) == used);
  }
}

TEST_CASE("a page's uses are those of all its grants") {
  GrantUses uses;
  const GrantEntry entry{77, 2, kGranted, 0}, other{78, 2, kGranted, 0};
  using enum GrantUses::Answer;
  CHECK(uses.uses(77) == 0);
  REQUIRE(uses.begin(3, entry, 2, true) == Yes);
  CHECK(uses.uses(77) == 1);
  REQUIRE(uses.begin(9, entry, 2, false) == Yes);
  REQUIRE(uses.begin(9, entry, 2, false) == Yes);
  REQUIRE(uses.begin(4, other, 2, false) == Yes);
  REQUIRE(uses.begin(5, {77 + 256, 2, kGranted, 0}, 2, false) == Yes);
  CHECK(uses.uses(77) == 3);
  CHECK((uses.end(3) && uses.end(9)));
  CHECK(uses.uses(77) == 1);
  CHECK(uses.end(9));
  CHECK(uses.uses(77) == 0);
  CHECK(uses.uses(78) == 1);
}
