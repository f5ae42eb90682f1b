#include "sim/board/tlm_bus.hpp"

#include <cstring>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"

namespace hvlab::board {

TargetAdapter::TargetAdapter(sc_core::sc_module_name name, RegisterTarget& registers, AccessCount& count)
    : sc_module(name), registers_(registers), count_(count) {
  socket.register_b_transport(this, &TargetAdapter::b_transport);
}

void TargetAdapter::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time&) {
  const unsigned size = transaction.get_data_length();
  u64 value = 0;
  if (transaction.is_read()) {
    ++count_.reads;
    value = registers_.read(transaction.get_address(), size);
    std::memcpy(transaction.get_data_ptr(), &value, size);
  } else {
    ++count_.writes;
    std::memcpy(&value, transaction.get_data_ptr(), size);
    registers_.write(transaction.get_address(), size, value);
  }
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

AddressDecoder::AddressDecoder(sc_core::sc_module_name name) : sc_module(name) {
  socket.register_b_transport(this, &AddressDecoder::b_transport);
}

unsigned AddressDecoder::attach(const std::string& name, RegisterTarget& registers, AccessCount& count) {
  adapters_.push_back(std::make_unique<TargetAdapter>(name.c_str(), registers, count));
  targets_.bind(adapters_.back()->socket);
  return static_cast<unsigned>(adapters_.size() - 1);
}

void AddressDecoder::connect(const std::string& name, u64 first, u64 size, RegisterTarget& registers,
                             AccessCount& count, u64 offset) {
  HVLAB_CHECK(map_.add(first, size, static_cast<unsigned>(windows_.size())));
  windows_.push_back({attach(name, registers, count), first - offset});
}

void AddressDecoder::connect_rest(const std::string& name, RegisterTarget& registers, AccessCount& count) {
  HVLAB_CHECK(rest_ == AddressMap::kNobody);
  rest_ = static_cast<unsigned>(windows_.size());
  windows_.push_back({attach(name, registers, count), 0});
}

void AddressDecoder::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  const u64 address = transaction.get_address();
  const AddressMap::Range& range = map_.find(address);
  if (transaction.get_data_length() - 1 > range.last - address) return split(transaction, delay);
  const unsigned target = range.target == AddressMap::kNobody ? rest_ : range.target;
  if (target == AddressMap::kNobody) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  transaction.set_address(address - windows_[target].base);
  targets_[static_cast<int>(windows_[target].socket)]->b_transport(transaction, delay);
}

void AddressDecoder::split(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  const u64 address = transaction.get_address();
  const unsigned size = transaction.get_data_length();
  u8* const data = transaction.get_data_ptr();
  transaction.set_data_length(1);
  for (unsigned i = 0; i < size; ++i) {
    transaction.set_address(address + i);
    transaction.set_data_ptr(data + i);
    b_transport(transaction, delay);
    if (transaction.is_read() && transaction.is_response_error()) data[i] = 0xff;
  }
  transaction.set_data_ptr(data);
  transaction.set_data_length(size);
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

BusInitiator::BusInitiator(sc_core::sc_module_name name, AddressDecoder& decoder) : sc_module(name) {
  socket_.bind(decoder.socket);
}

bool BusInitiator::transport(tlm::tlm_command command, u64 address, unsigned size, u64& value) {
  // Devices may read the time while they answer, and the time is the processor's; so the transaction carries
  // no delay.
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  transaction_.set_command(command);
  transaction_.set_address(address);
  transaction_.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
  transaction_.set_data_length(size);
  transaction_.set_streaming_width(size);
  transaction_.set_byte_enable_ptr(nullptr);
  transaction_.set_dmi_allowed(false);
  transaction_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  socket_->b_transport(transaction_, delay);
  return transaction_.is_response_ok();
}

u64 BusInitiator::read(u64 address, unsigned size) {
  u64 value = 0;
  return transport(tlm::TLM_READ_COMMAND, address, size, value) ? value : low_mask(size * 8);
}

void BusInitiator::write(u64 address, unsigned size, u64 value) {
  transport(tlm::TLM_WRITE_COMMAND, address, size, value);
}

}  // namespace hvlab::board
