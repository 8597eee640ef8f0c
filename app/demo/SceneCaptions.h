#pragma once

#include "app/demo/SceneComposer.h"

namespace tagalign::app {

enum class CaptionLanguage { English, Japanese };

/// How far captions are from the truth, as real ones are. Rates in [0, 1].
struct CaptionNoise
{
    double unmentioned = 0.2; ///< objects left out; at least one stays
    double wrongWord = 0.02;  ///< objects called something else
    double synonym = 0.1;     ///< objects called by another of their names (English)
    double chatter = 0.2;     ///< captions with sales talk
    double untold = 0.1;      ///< colours and surfaces left out
};

/// Writes captions for scenes. Same seed and scenes, same captions.
class SceneCaptions
{
public:
    SceneCaptions(const CaptionNoise& noise, quint32 seed);

    [[nodiscard]] QString caption(const Scene& scene, CaptionLanguage language);

private:
    [[nodiscard]] QString english(const PlacedObject& object, int count);
    [[nodiscard]] QString japanese(const PlacedObject& object, int count);
    [[nodiscard]] const DemoObject& wordFor(const PlacedObject& object);

    [[nodiscard]] bool chance(double rate) { return m_random.generateDouble() < rate; }

    [[nodiscard]] const QString& pick(const QStringList& list)
    {
        return list.at(qsizetype(m_random.bounded(quint32(list.size()))));
    }

    CaptionNoise m_noise;
    QRandomGenerator m_random;
};

/// "a cup", "an egg", "scissors", "bread": a noun as it stands for one thing.
[[nodiscard]] QString withArticle(const QString& words, const QString& noun);

} // namespace tagalign::app
