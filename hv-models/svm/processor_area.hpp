// What each of the machine's processors has for running guests.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::svm {

struct ProcessorArea {
  u64 host = 0;  // physical: where VMSAVE keeps the host's part
};

ProcessorArea& processor_area();
bool has_nested_paging();
/// Whether the translations of one guest can be forgotten alone (15.16.1).
bool can_flush_one_guest();
/// How many address-space identifiers there are; 0 is the host's.
u32 address_space_ids();

}  // namespace hvlab::svm
