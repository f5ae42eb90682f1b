#include <catch2/catch.hpp>

#include "sim/devices/virtio_console.hpp"
#include "virtio_driver.hpp"
#include "virtio_fakes.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using observe::EventKind;

namespace {

struct Rig {
  VirtioBoard board;
  FakeOutput output;
  VirtioConsole device{board.services, &output};
  std::unique_ptr<VirtioDriver> made;
  VirtioDriver& driver;

  Rig() : driver(plug()) { driver.start(vr::kVersion1, 2); }
  VirtioDriver& plug() {
    board.plug(device);
    made = std::make_unique<VirtioDriver>(board);
    return *made;
  }
  void type(const std::string& text) {
    device.receive({reinterpret_cast<const u8*>(text.data()), text.size()});
  }
};

}  // namespace

TEST_CASE("console: what the guest prints comes out, byte by byte as events") {
  Rig r;
  r.board.ram.write(0x1000, "hello", 5);
  r.driver.add(1, 0, {{0x1000, 2, false}, {0x1002, 3, false}});
  r.driver.kick(1);
  CHECK(r.output.text == "hello");
  CHECK(r.driver.used_index(1) == 1);
  CHECK(r.board.sink.count(EventKind::Console) == 5);
}

TEST_CASE("console: what is typed waits for buffers and splits over them") {
  Rig r;
  r.type("abcdef");
  CHECK(r.driver.used_index(0) == 0);
  r.driver.add(0, 0, {{0x1000, 4, true}});
  r.driver.add(0, 1, {{0x1010, 4, true}});
  r.driver.kick(0);
  CHECK(r.driver.used(0, 0) == std::pair<u32, u32>{0, 4});
  CHECK(r.driver.used(0, 1) == std::pair<u32, u32>{1, 2});
  CHECK(r.board.ram.ram[0x1011] == 'f');
  r.driver.add(0, 2, {{0x1020, 4, true}});
  r.type("g");
  CHECK(r.driver.used(0, 2) == std::pair<u32, u32>{2, 1});
}

TEST_CASE("console: the emergency byte needs no queue") {
  Rig r;
  r.driver.common(vr::kStatus, 1, 0);
  r.driver.write(vr::Capability::Device, 8, 4, '!');
  CHECK(r.output.text == "!");
}

TEST_CASE("console: typed input has a limit and a hostile print an end") {
  Rig r;
  r.type(std::string(5000, 'x'));
  CHECK(r.device.state().input.size() == 4096);
  r.driver.add(1, 0, {{0x1000, 0xffff'ff00, false}});
  r.driver.kick(1);
  CHECK(r.output.text.size() == 1 << 20);
}
