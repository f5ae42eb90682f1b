#include "picture_compare.hpp"

#include <fmt/format.h>
#include <png.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "visualizer/window.hpp"

namespace hvlab::test {

namespace {

using visualizer::Picture;
namespace fs = std::filesystem;

constexpr int kTolerance = 40;
constexpr double kMostDiffer = 0.003;

std::optional<Picture> read_png(const std::string& file) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, file.c_str()) == 0) return std::nullopt;
  image.format = PNG_FORMAT_RGB;
  Picture picture{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr) == 0) return std::nullopt;
  return picture;
}

bool differs(const u8* one, const u8* other) {
  for (int i = 0; i < 3; ++i)
    if (std::abs(one[i] - other[i]) > kTolerance) return true;
  return false;
}

// The golden picture pale, with what differs in red.
Picture difference(const Picture& golden, const Picture& made, size_t& count) {
  Picture shown = golden;
  count = 0;
  for (size_t at = 0; at < golden.pixels.size(); at += 3) {
    if (!differs(&golden.pixels[at], &made.pixels[at])) {
      for (size_t i = 0; i < 3; ++i) shown.pixels[at + i] = static_cast<u8>(192 + golden.pixels[at + i] / 4);
      continue;
    }
    ++count;
    shown.pixels[at] = 255;
    shown.pixels[at + 1] = shown.pixels[at + 2] = 0;
  }
  return shown;
}

}  // namespace

std::string compare_with_golden(const std::string& made, const std::string& name) {
  const std::string golden_file = std::string(HVLAB_GOLDEN) + "/" + name + ".png";
  if (const char* bless = std::getenv("HVLAB_BLESS"); bless != nullptr && std::string(bless) == "1") {
    fs::copy_file(made, golden_file, fs::copy_options::overwrite_existing);
    return "";
  }
  const auto golden = read_png(golden_file), picture = read_png(made);
  if (!picture) return made + ": no picture";
  if (!golden) return golden_file + ": there is no golden picture; look at the new one, then HVLAB_BLESS=1";
  const std::string kept = std::string(HVLAB_MADE) + "/" + name;
  fs::create_directories(HVLAB_MADE);
  if (golden->width != picture->width || golden->height != picture->height) return name + ": another size";
  size_t count = 0;
  const Picture shown = difference(*golden, *picture, count);
  const double share = static_cast<double>(count) * 3 / static_cast<double>(golden->pixels.size());
  if (share <= kMostDiffer) return "";
  fs::copy_file(made, kept + ".png", fs::copy_options::overwrite_existing);
  visualizer::write_png(shown, kept + "-difference.png");
  return fmt::format("{}: {:.2f} % of the pixels differ; see {}-difference.png", name, share * 100, kept);
}

}  // namespace hvlab::test
