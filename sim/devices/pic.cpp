#include "sim/devices/pic.hpp"

#include <utility>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"

namespace hvlab::devices {
namespace {

constexpr unsigned kCascade = 2;
// IRQ0, 1, 2, 8 and 13 are always edge-triggered: their bits read zero.
constexpr std::array<u8, 2> kElcrWritable = {0xF8, 0xDE};

template <size_t... Irq>
std::array<InputPin<Pic>, 16> make_pins(Pic& pic, InputPin<Pic>::Drive drive, std::index_sequence<Irq...>) {
  return {InputPin<Pic>(pic, Irq, drive)...};
}

}  // namespace

Pic::Pic(InterruptLine& intr, observe::DeviceProbe probe)
    : intr_(intr),
      probe_(probe),
      master_(1u << kCascade),
      slave_(0),
      master_ports_(2, *this, &Pic::read_master, &Pic::write_master),
      slave_ports_(2, *this, &Pic::read_slave, &Pic::write_slave),
      elcr_ports_(2, *this, &Pic::read_elcr, &Pic::write_elcr),
      pins_(make_pins(*this, &Pic::drive, std::make_index_sequence<16>())) {}

void Pic::reset() {
  master_.reset();
  slave_.reset();
  update();
}

InterruptLine& Pic::input(unsigned irq) {
  HVLAB_CHECK(irq < pins_.size());
  return pins_[irq];
}

void Pic::drive(unsigned irq, bool level) {
  if (irq == kCascade) return;
  I8259& chip = irq < 8 ? master_ : slave_;
  if (test_bit(chip.state().lines, irq & 7) == level) return;
  probe_.report(observe::EventKind::LineInterrupt, irq, level);
  chip.set_line(irq & 7, level);
  update();
}

void Pic::update() {
  master_.set_line(kCascade, slave_.request());
  intr_.set(master_.request());
}

u8 Pic::acknowledge() {
  const int line = master_.highest_request();
  if (line < 0) return master_.vector(7);
  master_.accept(static_cast<unsigned>(line));
  u8 vector = master_.vector(static_cast<unsigned>(line));
  if (line == kCascade) {
    const int slave_line = slave_.highest_request();
    vector = slave_.vector(slave_line < 0 ? 7 : static_cast<unsigned>(slave_line));
    if (slave_line >= 0) slave_.accept(static_cast<unsigned>(slave_line));
    master_.set_line(kCascade, false);  // INT drops during INTA, so that a further request makes a new edge
  }
  update();
  return vector;
}

u8 Pic::read_master(u32 offset) {
  const u8 value = offset == 0 ? master_.read_command() : master_.read_data();
  update();
  return value;
}

void Pic::write_master(u32 offset, u8 value) {
  offset == 0 ? master_.write_command(value) : master_.write_data(value);
  // The slave's INT, if it is high across the master's initialization, makes no edge; its lines are wired,
  // not stored.
  update();
}

u8 Pic::read_slave(u32 offset) {
  const u8 value = offset == 0 ? slave_.read_command() : slave_.read_data();
  update();
  return value;
}

void Pic::write_slave(u32 offset, u8 value) {
  offset == 0 ? slave_.write_command(value) : slave_.write_data(value);
  update();
}

u8 Pic::read_elcr(u32 offset) { return offset == 0 ? master_.state().level_mode : slave_.state().level_mode; }

void Pic::write_elcr(u32 offset, u8 value) {
  (offset == 0 ? master_ : slave_).set_level_mode(value & kElcrWritable[offset]);
  update();
}

}  // namespace hvlab::devices
