#include "app/pages/PictureList.h"

#include <QFileInfo>
#include <QIcon>
#include <QPersistentModelIndex>

namespace tagalign::app {

namespace {

constexpr int kThumbnails = 500; ///< kept in memory

} // namespace

PictureList::PictureList(Workspace& workspace, QObject* parent)
    : QAbstractListModel(parent),
      m_workspace(workspace),
      m_thumbnails(kThumbnails)
{
}

void PictureList::setImages(const QList<db::Image>& images)
{
    beginResetModel();
    m_images = images;
    endResetModel();
}

int PictureList::rowOf(db::ImageId id) const
{
    for (int row = 0; row < m_images.size(); ++row) {
        if (m_images.at(row).id == id) {
            return row;
        }
    }
    return -1;
}

int PictureList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_images.size());
}

QVariant PictureList::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) {
        return {};
    }
    const QString name = QFileInfo(m_images.at(index.row()).path).fileName();
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        return name;
    case Qt::DecorationRole:
        return QIcon(thumbnail(index)); // an icon is drawn in the view's icon size
    default:
        return {};
    }
}

QPixmap PictureList::thumbnail(const QModelIndex& index) const
{
    const QString sha256 = m_images.at(index.row()).sha256;
    if (const QPixmap* known = m_thumbnails.object(sha256)) {
        return *known;
    }
    m_thumbnails.insert(sha256, new QPixmap());
    auto* self = const_cast<PictureList*>(this); // the view asks by a const call
    m_workspace.loadThumbnail(
        self, sha256, [self, sha256, place = QPersistentModelIndex(index)](const QImage& image) {
            self->m_thumbnails.insert(sha256, new QPixmap(QPixmap::fromImage(image)));
            if (place.isValid()) {
                Q_EMIT self->dataChanged(place, place, {Qt::DecorationRole});
            }
        });
    return {};
}

} // namespace tagalign::app
