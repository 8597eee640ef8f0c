#pragma once

#include "db/Rows.h"

#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace tagalign::app {

/// What composed pictures really show: truth/objects.jsonl and truth/masks as writeDemoPairs made
/// them.
class SceneTruth
{
public:
    /// @param folder of the pairs. @throws std::runtime_error naming the file and the line.
    explicit SceneTruth(const QString& folder);

    enum class Answer { Absent, Present, Unknown };

    /// Unknown: a colour that an object which was not repainted may be said to have, or a word that
    /// scenes are not made of.
    /// @param lemma of the tag, as the parser gives it. @throws std::runtime_error if the picture
    ///        is not one of these.
    [[nodiscard]] Answer answer(const QString& picture, db::TagKind kind,
                                const QString& lemma) const;

    /// Pixel values of the picture's mask at which the tag is true; empty if it is nowhere.
    [[nodiscard]] QList<int> numbers(const QString& picture, db::TagKind kind,
                                     const QString& lemma) const;

    /// PNG, 8 bits: the number of the object seen at each pixel, 0 for the ground.
    [[nodiscard]] QString maskFile(const QString& picture) const;

    /// Whether the word names an object or an attribute that scenes are made of.
    [[nodiscard]] static bool isKnown(db::TagKind kind, const QString& lemma);

private:
    struct Object
    {
        QString noun;
        QStringList attributes;
        QStringList ownColors;
    };

    [[nodiscard]] const QList<Object>& objectsOf(const QString& picture) const;

    QString m_folder;
    QHash<QString, QList<Object>> m_pictures; ///< by file name
};

} // namespace tagalign::app
