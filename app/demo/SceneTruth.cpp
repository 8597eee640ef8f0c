#include "app/demo/SceneTruth.h"

#include "app/demo/Sprites.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <stdexcept>

namespace tagalign::app {

namespace {

/// "glasses" and "glass", "boxes" and "box": parsers differ in what they leave of a plural.
bool isSameWord(QStringView one, QStringView other)
{
    const auto [shorter, longer] =
        one.size() < other.size() ? std::pair(one, other) : std::pair(other, one);
    const QStringView rest = longer.mid(shorter.size());
    return longer.startsWith(shorter) &&
           (rest.isEmpty() || rest == QLatin1String("s") || rest == QLatin1String("es"));
}

/// A name of several words is met by the whole or by its last word, its head.
bool isNamed(const QString& name, const QString& lemma)
{
    return !name.isEmpty() &&
           (isSameWord(name, lemma) ||
            isSameWord(QStringView(name).mid(name.lastIndexOf(QLatin1Char(' ')) + 1), lemma));
}

bool isNameOf(const QString& lemma, const QString& noun)
{
    static const QHash<QString, QString> synonyms = [] {
        QHash<QString, QString> names;
        for (const DemoObject& object : demoObjects()) {
            names.insert(object.noun, object.synonym);
        }
        return names;
    }();
    return isNamed(noun, lemma) || isNamed(synonyms.value(noun), lemma);
}

const QStringList& placesAndSizes()
{
    static const QStringList words{"left", "right", "top", "bottom", "large", "small"};
    return words;
}

QStringList wordsOf(const QJsonValue& list)
{
    return list.toVariant().toStringList();
}

} // namespace

SceneTruth::SceneTruth(const QString& folder)
    : m_folder(folder)
{
    QFile file(folder + QStringLiteral("/truth/objects.jsonl"));
    if (!file.open(QIODevice::ReadOnly)) {
        throw std::runtime_error(file.fileName().toStdString() +
                                 ": cannot be opened; compose the demo's pictures again");
    }
    for (int line = 1; !file.atEnd(); ++line) {
        const QJsonObject scene = QJsonDocument::fromJson(file.readLine()).object();
        if (!scene["file_name"].isString() || !scene["objects"].isArray()) {
            throw std::runtime_error(
                QStringLiteral("%1, line %2: is no scene; compose the demo's pictures again")
                    .arg(file.fileName())
                    .arg(line)
                    .toStdString());
        }
        QList<Object>& objects = m_pictures[scene["file_name"].toString()];
        const QJsonArray rows = scene["objects"].toArray();
        for (const auto& value : rows) {
            const QJsonObject row = value.toObject();
            objects.append(
                {row["object"].toString(), wordsOf(row["attributes"]), wordsOf(row["own_colors"])});
        }
    }
}

const QList<SceneTruth::Object>& SceneTruth::objectsOf(const QString& picture) const
{
    const auto found = m_pictures.constFind(QFileInfo(picture).fileName());
    if (found == m_pictures.constEnd()) {
        throw std::runtime_error(picture.toStdString() +
                                 ": is not one of the composed pictures in " +
                                 m_folder.toStdString());
    }
    return *found;
}

QList<int> SceneTruth::numbers(const QString& picture, db::TagKind kind, const QString& lemma) const
{
    QList<int> numbers;
    const QList<Object>& objects = objectsOf(picture);
    for (int i = 0; i < int(objects.size()); ++i) {
        const Object& object = objects.at(i);
        if (kind == db::TagKind::Object ? isNameOf(lemma, object.noun)
                                        : object.attributes.contains(lemma)) {
            numbers.append(i + 1);
        }
    }
    return numbers;
}

SceneTruth::Answer SceneTruth::answer(const QString& picture, db::TagKind kind,
                                      const QString& lemma) const
{
    if (!numbers(picture, kind, lemma).isEmpty()) {
        return Answer::Present;
    }
    const QList<Object>& objects = objectsOf(picture);
    const bool mayBe = kind == db::TagKind::Attribute &&
                       std::any_of(objects.begin(), objects.end(), [&](const Object& object) {
                           return object.ownColors.contains(lemma);
                       });
    return mayBe || !isKnown(kind, lemma) ? Answer::Unknown : Answer::Absent;
}

QString SceneTruth::maskFile(const QString& picture) const
{
    return m_folder + QStringLiteral("/truth/masks/") + QFileInfo(picture).completeBaseName() +
           QStringLiteral(".png");
}

bool SceneTruth::isKnown(db::TagKind kind, const QString& lemma)
{
    const auto isIt = [&](const DemoAttribute& attribute) { return attribute.name == lemma; };
    if (kind == db::TagKind::Attribute) {
        return placesAndSizes().contains(lemma) ||
               std::any_of(demoColors().begin(), demoColors().end(), isIt) ||
               std::any_of(demoSurfaces().begin(), demoSurfaces().end(), isIt);
    }
    return std::any_of(demoObjects().begin(), demoObjects().end(),
                       [&](const DemoObject& object) { return isNameOf(lemma, object.noun); });
}

} // namespace tagalign::app
