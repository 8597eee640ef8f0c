#pragma once

#include "app/demo/DemoPilots.h"
#include "app/demo/SceneCaptions.h"

#include <QString>

#include <functional>

namespace tagalign::app {

struct DemoPairsSettings
{
    SceneSettings scenes = demoPilots().first().scenes; ///< `side` and `withMask` are set below
    quint32 seed = demoPilots().first().seed;
    int count = 1200;  ///< scenes
    int testCount = 0; ///< the last so many are given the split "test", the others "train"; 0: none
    int side = 320;    ///< pixels
    int captions = 2;  ///< for each scene
    QList<CaptionLanguage> languages{CaptionLanguage::English}; ///< in turn
    CaptionNoise noise;
};

/// The settings of a demo pilot, a third of the scenes for testing.
[[nodiscard]] DemoPairsSettings pilotPairs(const DemoPilot& pilot, int count = 1200);

/// Writes scenes as JPEG with captions.jsonl and the truth: truth/objects.jsonl (a line each scene
/// with the objects, their attributes and boxes) and truth/masks/NAME.png (pixel = number of the
/// object from 1, 0 ground). Scenes that are there already are not made again, so that it continues
/// where it was stopped.
/// @param onScene called after each scene with its number from 1; false stops.
/// @throws std::runtime_error with one sentence. @return false if stopped.
bool writeDemoPairs(const QString& folder, const DemoPairsSettings& settings,
                    const std::function<bool(int)>& onScene);

} // namespace tagalign::app
