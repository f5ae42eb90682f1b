#include "hv-models/runtime/page_pool.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

using hvlab::u32;
using hvlab::runtime::Page;
using hvlab::runtime::PagePool;

namespace {

struct Pool {
  explicit Pool(u32 count) : pages(count) { pool.set_up(pages.data(), count); }
  std::vector<Page> pages;
  PagePool pool;
};

}  // namespace

TEST_CASE("all pages but page 0 come back as one after any order of frees") {
  Pool p(1024);
  p.pool.add(0, 1024);
  CHECK(p.pool.free_pages() == 1023);
  std::vector<u32> taken;
  for (u32 page = p.pool.allocate(0); page != PagePool::kNone; page = p.pool.allocate(0))
    taken.push_back(page);
  CHECK(taken.size() == 1023);
  std::shuffle(taken.begin(), taken.end(), std::mt19937(1));
  for (const u32 page : taken) p.pool.free(page);
  CHECK(p.pool.free_pages() == 1023);
  CHECK(p.pool.allocate(9) == 512);  // the upper half is whole again
}

TEST_CASE("blocks never overlap and lie at multiples of their size") {
  Pool p(4096);
  p.pool.add(3, 4000);
  std::mt19937 random(7);
  std::map<u32, u32> taken;  // first page to count
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0 && !taken.empty()) {
      const auto it = std::next(taken.begin(), random() % taken.size());
      p.pool.free(it->first);
      taken.erase(it);
      continue;
    }
    const unsigned order = static_cast<unsigned>(random() % 5);
    const u32 first = p.pool.allocate(order);
    if (first == PagePool::kNone) continue;
    REQUIRE(first % (1u << order) == 0);
    REQUIRE(first >= 3);
    REQUIRE(first + (1u << order) <= 4003);
    const auto next = taken.lower_bound(first);
    if (next != taken.end()) REQUIRE(first + (1u << order) <= next->first);
    if (next != taken.begin()) REQUIRE(std::prev(next)->first + std::prev(next)->second <= first);
    taken[first] = 1u << order;
  }
}

TEST_CASE("an allocation that does not fit changes nothing") {
  Pool p(64);
  p.pool.add(1, 7);
  CHECK(p.pool.allocate(3) == PagePool::kNone);
  CHECK(p.pool.free_pages() == 7);
  CHECK(p.pool.allocate(PagePool::kOrders) == PagePool::kNone);
}
