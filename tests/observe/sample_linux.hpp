// A kernel image with the structures and functions by which a Linux is followed, and memory to read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "sample_kernel.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::observe::sample {

inline constexpr u64 kBase = 0xFFFF'FFFF'8100'0000, kSlide = 0x20'0000;
inline constexpr char kBanner[] = "Linux version 0 (us@here) #1 today\n";

struct Field {
  const char* structure;
  const char* name;
  u32 offset;
};
/// Offsets that no kernel has.
inline constexpr Field kFields[] = {{"request", "__sector", 8},
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
                                    {"page", "flags", 0},
                                    {"task_struct", "pid", 8},
                                    {"task_struct", "tgid", 12},
                                    {"task_struct", "__state", 16},
                                    {"task_struct", "on_rq", 20},
                                    {"task_struct", "comm", 24},
                                    {"task_struct", "thread_pid", 40},
                                    {"task_struct", "cgroups", 48},
                                    {"pid", "level", 4},
                                    {"pid", "numbers", 8},
                                    {"upid", "ns", 8},
                                    {"pid_namespace", "ns", 32},
                                    {"ns_common", "inum", 8},
                                    {"css_set", "dfl_cgrp", 64},
                                    {"cgroup", "kn", 72},
                                    {"kernfs_node", "parent", 8},
                                    {"kernfs_node", "name", 16},
                                    {"kernfs_node", "id", 24}};
inline constexpr std::pair<const char*, u32> kSizes[] = {
    {"request", 48},   {"bio", 96},         {"bvec_iter", 20}, {"bio_vec", 16},    {"sk_buff", 200},
    {"page", 64},      {"task_struct", 64}, {"pid", 24},       {"upid", 16},       {"pid_namespace", 64},
    {"ns_common", 16}, {"css_set", 80},     {"cgroup", 80},    {"kernfs_node", 32}};

inline Image types_without(std::string_view left_out) {
  std::string names(1, '\0');
  const auto name = [&](const std::string& text) {
    names += text + '\0';
    return static_cast<u32>(names.size() - text.size() - 1);
  };
  Image types;
  for (const u32 each : {name("int"), 1u << 24, 4u, 0x0100'0020u}) append(types, each);
  for (const u32 each : {0u, 3u << 24, 0u, 1u, 1u, 4u}) append(types, each);  // 2: array of 16 bytes
  for (const auto& [structure, bytes] : kSizes) {
    Image members;
    u32 count = 0;
    for (const Field& field : kFields) {
      if (field.structure != std::string_view(structure) || field.name == left_out) continue;
      ++count;
      for (const u32 each :
           {name(field.name), std::string_view(field.name) == "comm" ? 2u : 1u, field.offset * 8})
        append(members, each);
    }
    for (const u32 each : {name(structure), 4u << 24 | count, bytes}) append(types, each);
    types.insert(types.end(), members.begin(), members.end());
  }
  Image image;
  append(image, u16{0xEB9F});
  append(image, u16{1});
  const u32 type_bytes = static_cast<u32>(types.size()), name_bytes = static_cast<u32>(names.size());
  for (const u32 each : {24u, 0u, type_bytes, type_bytes, name_bytes}) append(image, each);
  image.insert(image.end(), types.begin(), types.end());
  image.insert(image.end(), names.begin(), names.end());
  return image;
}

inline Image linux_image(std::string_view without_member, std::string_view without_symbol,
                         std::vector<Symbol>& symbols) {
  Image data(4096, 0);
  std::memcpy(data.data() + 0x100, kBanner, sizeof kBanner);
  u64 at = kBase + 0x200;
  for (const char* each :
       {"blk_mq_submit_bio", "blk_mq_start_request", "blk_mq_end_request", "__blk_mq_end_request",
        "udp_sendmsg", "__udp_enqueue_schedule_skb", "try_to_wake_up", "wake_up_new_task", "__switch_to",
        "entry_SYSCALL_64", "vmemmap_base", "current_task", "__icmp_send", "linux_banner"}) {
    if (each == without_symbol) continue;
    const bool banner = std::string_view(each) == "linux_banner";
    symbols.push_back({banner ? kBase + 0x100 : at += 0x10, 'T', each});
  }
  return elf(data, types_without(without_member), kBase);
}

/// Kernel memory, a few words of it.
struct Memory {
  std::map<u64, u8> bytes;
  template <class T>
  void put(u64 address, T value) {
    for (unsigned i = 0; i < sizeof value; ++i) bytes[address + i] = static_cast<u8>(u64{value} >> 8 * i);
  }
  std::function<bool(u64, void*, size_t)> read() const {
    return [this](u64 address, void* to, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        const auto found = bytes.find(address + i);
        if (found == bytes.end()) return false;
        static_cast<u8*>(to)[i] = found->second;
      }
      return true;
    };
  }
};

}  // namespace hvlab::observe::sample
