// SPDX-License-Identifier: GPL-2.0
/*
 * fill_overlay.c - whether a file of an overlay lies in its upper layer. No function tells; the
 * overlay keeps the upper directory entry behind its inode, which is private and may move. So
 * what stands there is believed only if it leads to the very inode that the kernel says holds
 * the data, or is empty while that inode belongs to another file system.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "fill_priv.h"

enum eyas_layer eyas_layer_of(const struct file *file)
{
	const struct inode *inode = file_inode(file), *real;
	const struct dentry *upper;

	if (inode->i_sb->s_magic != OVERLAYFS_SUPER_MAGIC || !EYAS_OVERLAY_INODE)
		return EYAS_LAYER_UNKNOWN;
	real = eyas_real_inode(file->f_path.dentry);
	if (!real || real == inode)
		return EYAS_LAYER_UNKNOWN;
	if (!eyas_read_kernel(&upper, inode + 1, sizeof(upper)))
		return EYAS_LAYER_UNKNOWN;
	if (!upper)
		return EYAS_LAYER_LOWER;
	if (!eyas_read_kernel(&inode, &upper->d_inode, sizeof(inode)) || inode != real)
		return EYAS_LAYER_UNKNOWN;
	return EYAS_LAYER_UPPER;
}
